"""Text to ids and back; the pieces of a text are its bytes."""

from __future__ import annotations

import json
import struct
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch

from accel import generate
from accel.models.load import from_folder
from accel.models.tokenizer import Tokenizer, clean, load_tokenizer
from accel.models.unavailable import ModelUnavailable
from tests.tiny import save_tiny

TEXTS = [
    "",
    "Hello, world!",
    " leading and trailing  ",
    "naïve café — “quoted”, así",
    "👩‍👩‍👧‍👦 and 🏳️‍🌈, 👍🏽",
    "你好，世界。日本語とカタカナ",
    "def f(x):\n\tif x == 12345:\n\t\treturn  x   # four    spaces\n\n\n",
    "نص بالعربية ‮reversed‬",
    "\x01\x7f\u0300 control and combining",
    "a\ufeffb \ufffd",
]


@pytest.fixture(scope="session")
def smollm(embedded_folder: Path) -> Tokenizer:
    tokenizer = load_tokenizer(embedded_folder)
    assert tokenizer is not None
    return tokenizer


def sentencepiece_like(metaspace: bool) -> Any:
    """A BPE of metaspaces with byte fallback, as Llama 2's and Gemma's, decoded in one way or the other."""
    from tokenizers import Tokenizer as Library
    from tokenizers import decoders, models, normalizers, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = [*"▁abcdefghijklmnopqrstuvwxyz,.", "he", "ll", "▁w", "▁▁"]
    vocabulary = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *letters]
    merges = [("h", "e"), ("l", "l"), ("▁", "w"), ("▁", "▁")]
    ids = {token: id for id, token in enumerate(vocabulary)}
    library = Library(models.BPE(ids, merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    if metaspace:
        library.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
        steps = [decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="first")]
    else:
        library.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        steps = [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    library.decoder = decoders.Sequence(steps)
    return PreTrainedTokenizerFast(
        tokenizer_object=library, unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    )


def joined(tokenizer: Tokenizer, ids: list[int]) -> bytes:
    return b"".join(tokenizer.piece(token) for token in ids)


@pytest.mark.parametrize("text", TEXTS)
def test_pieces_of_byte_level_tokens_are_the_text(smollm: Tokenizer, text: str) -> None:
    ids = smollm.encode(text, chat=False)
    assert smollm.decode(ids) == text
    assert joined(smollm, ids) == text.encode()


@pytest.mark.parametrize("metaspace", [True, False])
@pytest.mark.parametrize("text", TEXTS)
def test_pieces_of_metaspaces_and_byte_fallback_are_the_text(text: str, metaspace: bool) -> None:
    tokenizer = Tokenizer(sentencepiece_like(metaspace))
    ids = tokenizer.encode(text, chat=False)
    assert joined(tokenizer, ids) in (text.encode(), b" " + text.encode())
    if not text.startswith(" "):
        assert tokenizer.decode(ids) == text


def test_a_token_may_be_part_of_a_character(smollm: Tokenizer) -> None:
    pieces = [smollm.piece(token) for token in smollm.encode("👍", chat=False)]
    assert len(pieces) > 1
    with pytest.raises(UnicodeDecodeError):
        pieces[0].decode()


def test_special_tokens_have_pieces_and_no_text(smollm: Tokenizer) -> None:
    assert smollm.piece(2) == b"<|im_end|>"
    assert smollm.decode([19556, 2]) == "Hello"


def test_an_added_token_keeps_its_own_letters() -> None:
    library = sentencepiece_like(False)
    library.add_tokens(["<0xZZ> é▁"])
    assert Tokenizer(library).piece(len(library) - 1) == "<0xZZ> é▁".encode()


def test_an_id_without_a_token_has_no_bytes(smollm: Tokenizer) -> None:
    assert smollm.piece(10**6) == b""


def test_every_token_has_bytes(smollm: Tokenizer) -> None:
    assert smollm.vocab_size == 49152
    assert all(smollm.piece(token) for token in range(smollm.vocab_size))


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\0b", "ab"),
        ("\ud800x", "\ufffdx"),
        ("x\udc00", "x\ufffd"),
        ("\ud83d\ude00", "😀"),
        ("\ufeffa", "\ufeffa"),
    ],
)
def test_text_no_tokenizer_takes_is_cleaned(smollm: Tokenizer, text: str, cleaned: str) -> None:
    assert clean(text) == cleaned
    assert smollm.decode(smollm.encode(text, chat=False)) == cleaned
    assert cleaned.encode() in joined(smollm, smollm.encode(text, chat=True))


def test_the_chat_template_is_applied_where_asked(smollm: Tokenizer) -> None:
    assert joined(smollm, smollm.encode("hi", chat=True)).decode() == (
        "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
        "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"
    )
    assert smollm.encode("<|im_start|>", chat=True).count(1) == 4
    assert joined(smollm, smollm.encode("hi", chat=False)) == b"hi"


def test_without_a_template_chat_changes_nothing() -> None:
    tokenizer = Tokenizer(sentencepiece_like(True))
    assert not tokenizer.has_chat
    assert tokenizer.encode("hello", chat=True) == tokenizer.encode("hello", chat=False)


def test_digits_stand_alone_as_the_model_was_trained(smollm: Tokenizer) -> None:
    pieces = [smollm.piece(token) for token in smollm.encode("x =   1\n    23", chat=False)]
    assert pieces == [b"x", b" =", b"   ", b"1", b"\n    ", b"2", b"3"]


def saved(folder: Path, **files: dict[str, Any]) -> Path:
    """A tiny model's folder whose json files have these entries; None: no such file."""
    save_tiny(folder)
    for name, entries in files.items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), **entries}))
    return folder


@pytest.mark.parametrize(
    ("config", "generation", "tokenizer", "ends"),
    [
        (7, None, "</s>", {7}),
        (7, 9, "</s>", {9}),
        (7, [9, 8], "</s>", {8, 9}),
        (None, [9, 8], None, {8, 9}),
        (7, None, None, {7}),
        (None, None, "</s>", {2}),
        (None, None, None, set()),
    ],
)
def test_a_text_ends_where_generate_ends_it(
    tmp_path: Path, config: object, generation: object, tokenizer: object, ends: set[int]
) -> None:
    folder = saved(
        tmp_path, config={"eos_token_id": config}, generation_config={"eos_token_id": generation},
        tokenizer_config={"eos_token": tokenizer},
    )  # fmt: skip
    if generation is None:
        (folder / "generation_config.json").unlink()
    model = from_folder(folder, name="ends", device="cpu", dtype="float32")
    assert model.end_tokens == ends
    prompt = torch.tensor([[5, 17, 42]])
    alone = model.library.generate(prompt, max_new_tokens=40, do_sample=False, pad_token_id=0)[0, 3:].tolist()
    trace = generate(model, [5, 17, 42], method="autoregressive", max_new_tokens=40)
    assert list(trace.tokens) == alone[: len(trace.tokens)]
    assert len(trace.tokens) == len(alone) or (config is generation is None and trace.finish_reason == "eos")


def varint(number: int) -> bytes:
    return bytes([number]) if number < 128 else bytes([number % 128 + 128]) + varint(number // 128)


def protobuf(*fields: tuple[int, bytes | int | float]) -> bytes:
    """A message of these numbered fields, as a sentencepiece model is written."""
    written = b""
    for number, value in fields:
        if isinstance(value, bytes):
            written += varint(number << 3 | 2) + varint(len(value)) + value
        elif isinstance(value, float):
            written += varint(number << 3 | 5) + struct.pack("<f", value)
        else:
            written += varint(number << 3) + varint(value)
    return written


def sentencepiece_model() -> bytes:
    """A real sentencepiece BPE of a few pieces: their text, score and type, then the trainer's settings."""
    kinds = {"<unk>": 2, "<s>": 3, "</s>": 3}
    letters = ["<unk>", "<s>", "</s>", "he", *"\u2581abcdefghijklmnopqrstuvwxyz,."]
    pieces = [
        (1, protobuf((1, text.encode()), (2, -float(rank)), (3, kinds.get(text, 1))))
        for rank, text in enumerate(letters)
    ]
    return protobuf(*pieces, (2, protobuf((3, 2), (4, len(letters)))))


def test_a_sentencepiece_model_alone_is_read_or_says_what_reads_it(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "LlamaTokenizer"}')
    (tmp_path / "tokenizer.model").write_bytes(sentencepiece_model())
    if find_spec("sentencepiece") and find_spec("google") and find_spec("google.protobuf"):
        tokenizer = load_tokenizer(tmp_path)
        assert tokenizer is not None
        assert tokenizer.decode(tokenizer.encode("hello, he", chat=False)[-8:]).endswith("hello, he")
        return
    words = (
        r"tokenizer\.model is a sentencepiece model, and there is no tokenizer\.json\. Save .* pip install"
    )
    with pytest.raises(ModelUnavailable, match=words) as refusal:
        load_tokenizer(tmp_path)
    assert "tiktoken" not in str(refusal.value)


def test_a_broken_tokenizer_beside_a_sentencepiece_model_is_named_itself(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    (tmp_path / "tokenizer.model").write_bytes(sentencepiece_model())
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(ModelUnavailable) as refusal:
        load_tokenizer(tmp_path)
    assert "sentencepiece" not in str(refusal.value)


def test_vocabularies_are_compared_by_every_token(smollm: Tokenizer, embedded_folder: Path) -> None:
    again = load_tokenizer(embedded_folder)
    assert again is not None
    assert smollm.same_vocabulary(again)
    library = sentencepiece_like(True)
    before = Tokenizer(library)
    assert not smollm.same_vocabulary(before)
    assert before.same_vocabulary(Tokenizer(sentencepiece_like(False)))
    other = sentencepiece_like(True)
    assert library.add_tokens(["<new>"]) == other.add_tokens(["<other>"]) == 1
    assert not Tokenizer(library).same_vocabulary(Tokenizer(other))


def test_a_folder_without_a_tokenizer_has_none(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    assert load_tokenizer(tmp_path) is None


def test_a_broken_tokenizer_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(ValueError, match=r"tokenizer in .* cannot be read"):
        load_tokenizer(tmp_path)


@pytest.mark.parametrize("text", ["x" * 400_000, " " * 400_000, "word " * 80_000])
def test_encoding_is_not_quadratic(smollm: Tokenizer, text: str) -> None:
    seconds = []
    for part in (text[: len(text) // 8], text):
        began = time.process_time()
        smollm.encode(part, chat=False)
        seconds.append(time.process_time() - began)
    assert seconds[1] < 8 * 4 * seconds[0] + 0.1  # eight times the text; quadratic would be 64 times
