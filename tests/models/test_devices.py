"""What "auto" means on each device."""

from __future__ import annotations

import pytest
import torch

from accel.models import load
from accel.models.load import resolve_dtype


@pytest.mark.parametrize(("native", "dtype"), [(True, "bfloat16"), (False, "float32")])
def test_auto_is_bfloat16_only_on_gpus_that_multiply_it(
    native: bool, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def supported(including_emulation: bool = True) -> bool:
        return native or including_emulation  # as torch answers on a T4, which emulates it

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
    assert resolve_dtype("auto", "cuda") == dtype


def test_a_device_without_bfloat16_is_found_by_trying() -> None:
    assert load._multiplies_bfloat16("cpu")
    if not torch.backends.mps.is_available():
        assert not load._multiplies_bfloat16("mps")
        assert resolve_dtype("auto", "mps") == "float32"
