"""Text to ids and back; the pieces of a text are its bytes."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from accel.models.tokenizer import Tokenizer, clean, end_tokens, load_tokenizer

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
    tokenizer = Tokenizer(sentencepiece_like(metaspace), frozenset())
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
    assert Tokenizer(library, frozenset()).piece(len(library) - 1) == "<0xZZ> é▁".encode()


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
    tokenizer = Tokenizer(sentencepiece_like(True), frozenset())
    assert not tokenizer.has_chat
    assert tokenizer.encode("hello", chat=True) == tokenizer.encode("hello", chat=False)


def test_a_failing_template_is_named() -> None:
    library = sentencepiece_like(True)
    library.chat_template = "{{ raise_exception('no users here') }}"
    with pytest.raises(ValueError, match=r"chat template fails \(no users here\): use chat=False"):
        Tokenizer(library, frozenset()).encode("hello", chat=True)


def test_digits_stand_alone_as_the_model_was_trained(smollm: Tokenizer) -> None:
    pieces = [smollm.piece(token) for token in smollm.encode("x =   1\n    23", chat=False)]
    assert pieces == [b"x", b" =", b"   ", b"1", b"\n    ", b"2", b"3"]


def test_end_tokens_come_from_the_generation_config_and_the_tokenizer(
    smollm: Tokenizer, tmp_path: Path
) -> None:
    assert smollm.eos_ids == {2}
    assert end_tokens(tmp_path) == frozenset()
    (tmp_path / "config.json").write_text('{"eos_token_id": 7}')
    assert end_tokens(tmp_path) == {7}
    (tmp_path / "generation_config.json").write_text('{"eos_token_id": [5, 6]}')
    assert end_tokens(tmp_path) == {5, 6}
    assert Tokenizer(sentencepiece_like(True), end_tokens(tmp_path)).eos_ids == {2, 5, 6}


def test_vocabularies_are_compared_by_every_token(smollm: Tokenizer, embedded_folder: Path) -> None:
    again = load_tokenizer(embedded_folder)
    assert again is not None
    assert smollm.same_vocabulary(again)
    library = sentencepiece_like(True)
    before = Tokenizer(library, frozenset())
    assert not smollm.same_vocabulary(before)
    assert before.same_vocabulary(Tokenizer(sentencepiece_like(False), frozenset()))
    other = sentencepiece_like(True)
    assert library.add_tokens(["<new>"]) == other.add_tokens(["<other>"]) == 1
    assert not Tokenizer(library, frozenset()).same_vocabulary(Tokenizer(other, frozenset()))


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
