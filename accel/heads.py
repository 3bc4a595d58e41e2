"""Exit heads: what a model would say if it stopped at an inner layer, and how sure it is (Wei 2025, AdaDecode).

state after some layers -> final norm -> learned map -> the model's own head, for a short list of frequent tokens
                                     \\-> one logit more, of every token outside the list together
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor

from accel.errors import InputError
from accel.models.embedded import cache_root
from accel.models.layered import LayeredModel
from accel.models.model import Model
from accel.models.products import Product, product_of
from accel.readout import Readout
from accel.tensor_files import save_tensors

Kind = Literal["kl", "ridge", "plain"]
FORMAT = "1"  # raise it where a file would mean something else
SHIPPED = Path(__file__).parents[1] / "assets" / "heads"
AT_ONCE = 64  # columns of the model's head that are read together


@dataclass(frozen=True, slots=True, eq=False)
class ExitHeads:
    """Heads for one model, in its dtype and on its device; read-only, so runs may share them."""

    model: LayeredModel
    fingerprint: str  # of the model they belong to
    kind: Kind
    layers: tuple[int, ...]  # how many layers have run before each look, rising
    shortlist: Tensor  # [short] token ids, rising
    maps: Tensor  # [layers, dim + 1, dim] from the normed state to what the head reads, and to `rest`
    biases: Tensor  # [layers, dim + 1]
    rows: (
        tuple[Tensor, Tensor] | None
    )  # the model's head for the list, [short, dim] and [short]; None: ask it whole
    product: Product | None  # with these rows: what a look costs is this product

    @torch.inference_mode()
    def readout(self, layer: int, hidden: Tensor) -> Readout:
        """What the head after `layer` layers says of hidden [slots, dim]. ValueError where there is no such head."""
        at = self.layers.index(layer)
        normed = self.model.norm(hidden)
        if self.kind == "plain":
            rest = normed.new_full((len(normed),), -torch.inf)
            return Readout(self.model.head(normed), rest, self.shortlist)
        return self.of_normed(at, normed)

    def of_normed(self, at: int, normed: Tensor) -> Readout:
        """The readout of head number `at`, from states [slots, dim] after the final norm."""
        mapped = F.linear(normed, self.maps[at], self.biases[at])
        state, rest = mapped[:, :-1], mapped[:, -1]
        if self.product is None:
            return Readout(self.model.head(state)[:, self.shortlist], rest, self.shortlist)
        return Readout(self.product.of(state), rest, self.shortlist)

    def save(self, path: Path) -> None:
        """Write a safetensors file that `load` gives back, with the maps as bfloat16. OSError as it comes."""
        tensors = {
            "shortlist": self.shortlist.int(),
            "maps": self.maps.bfloat16(),
            "biases": self.biases.float(),
        }
        about = {"format": FORMAT, "kind": self.kind, "fingerprint": self.fingerprint}
        layers = {"layers": ",".join(map(str, self.layers))}
        save_tensors({name: t.cpu().contiguous() for name, t in tensors.items()}, path, {**about, **layers})


def build(
    model: Model, kind: Kind, layers: Sequence[int], shortlist: Tensor, maps: Tensor, biases: Tensor
) -> ExitHeads:
    """Heads of these tensors for this model; its own head is read for the list, once."""
    ids = shortlist.to(model.layers.device, torch.long)
    like = _a_state(model)
    rows = None if kind == "plain" else head_rows(model.layers, ids, like)
    placed = maps.to(like), biases.to(like)
    product = None if rows is None else product_of(*rows)
    return ExitHeads(model.layers, model.info.fingerprint, kind, tuple(layers), ids, *placed, rows, product)


def plain(model: Model, layers: Sequence[int]) -> ExitHeads:
    """The untrained readout (logit lens): the model's norm and its whole head, which costs what a full readout does."""
    check_layers(model, layers)
    none = torch.empty(len(layers), 0)
    return build(model, "plain", layers, torch.arange(model.layers.vocab_size), none, none)


def load(path: Path, model: Model) -> ExitHeads:
    """The heads in a file. InputError where it cannot be read, is damaged, or belongs to another model."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        about, tensors = _about(path), load_file(path)
    except (OSError, SafetensorError) as error:
        raise InputError("heads", f"{str(path)[:200]} cannot be read: {str(error)[:100]}") from error
    if about.get("format") != FORMAT:
        raise InputError("heads", f"{str(path)[:200]} is not a file of exit heads of format {FORMAT}")
    theirs, ours = about.get("fingerprint", "none"), model.info.fingerprint
    if theirs != ours:
        remedy = f"train heads for it: python -m accel heads train --model {model.info.name}"
        raise InputError(
            "heads", f"{path.name} is for model {theirs:.40}, not {model.info.name} ({ours}); {remedy}"
        )
    layers = _checked(path, about, tensors, model)
    kind: Any = about["kind"]
    return build(model, kind, layers, tensors["shortlist"], tensors["maps"], tensors["biases"])


def find(model: Model) -> ExitHeads | None:
    """Trained heads of this model: the shipped ones, else those in the cache; None where there are none."""
    for path in _candidates():
        if path.stem and _fingerprint(path) == model.info.fingerprint:
            return load(path, model)
    return None


def head_rows(model: LayeredModel, ids: Tensor, like: Tensor) -> tuple[Tensor, Tensor] | None:
    """The head's weights [short, dim] and bias [short] for these tokens; None where it is not a linear map.

    Read by asking the head for unit vectors, so that every family's scaling is in them.
    """
    dim = like.shape[-1]
    with torch.no_grad():  # not inference mode: training goes through these weights
        bias = model.head(like.new_zeros(1, dim))[0, ids]
        twice, once = (model.head(scale * like)[0, ids].float() - bias.float() for scale in (32, 16))
        if not torch.allclose(twice, 2 * once, rtol=0.02, atol=0.02 * float(once.abs().max())):
            return None
        units = torch.eye(dim, dtype=like.dtype, device=like.device)
        columns = [model.head(part)[:, ids] - bias for part in torch.split(units, AT_ONCE)]
        return torch.cat(columns).T.contiguous(), bias


def check_layers(model: Model, layers: Sequence[int], field: str = "layers") -> None:
    """InputError unless the layers rise and lie inside the model."""
    most = model.layers.num_layers - 1
    if most < 1:
        raise InputError(
            "model",
            f"{model.info.name} has a single layer, so no token can exit below the top; choose a model with more "
            "layers, or another method",
        )
    inside = range(1, most + 1)
    if not layers or list(layers) != sorted(set(layers)) or any(layer not in inside for layer in layers):
        raise InputError(field, f"{list(layers)!r:.60} must rise, from 1 to {most} layers run")


def _a_state(model: Model) -> Tensor:
    """A normed state [1, dim]: of the model's dtype, device and width."""
    with torch.inference_mode():
        zero = torch.zeros(1, dtype=torch.long, device=model.layers.device)
        return model.layers.norm(model.layers.embed(zero, zero))


def _about(path: Path) -> dict[str, str]:
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        return dict(file.metadata() or {})


def _candidates() -> Iterator[Path]:
    for folder in (SHIPPED, cache_root() / "heads"):
        yield from sorted(folder.glob("*.safetensors"))


def _fingerprint(path: Path) -> str | None:
    from safetensors import SafetensorError

    try:
        return _about(path).get("fingerprint")
    except (OSError, SafetensorError):
        return None


def _checked(path: Path, about: dict[str, str], tensors: dict[str, Tensor], model: Model) -> tuple[int, ...]:
    """The layers of the file, when all its tensors fit them and the model."""
    dim, vocab = _a_state(model).shape[-1], model.layers.vocab_size
    try:
        layers = tuple(int(layer) for layer in about["layers"].split(","))
        check_layers(model, layers)
        ids, maps, biases = tensors["shortlist"], tensors["maps"], tensors["biases"]
        fits = (
            about["kind"] in get_args(Kind)
            and maps.shape == (len(layers), dim + 1, dim)
            and biases.shape == (len(layers), dim + 1)
            and 0 < len(ids) <= vocab
            and bool((ids[1:] > ids[:-1]).all())
            and int(ids[0]) >= 0
            and int(ids[-1]) < vocab
            and bool(torch.isfinite(maps).all())
        )
    except (KeyError, ValueError) as error:
        raise InputError("heads", f"{path.name} is damaged ({str(error)[:100]}): train it again") from error
    if not fits:
        raise InputError(
            "heads", f"{path.name} is damaged (its tensors do not fit the model): train it again"
        )
    return layers
