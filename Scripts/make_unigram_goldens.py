#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the goldens of Unigram tokenizers, Tests/SwiftletTokenizersTests/Fixtures/unigram/; the README there is the format.

usage: make_unigram_goldens.py [--output FOLDER]

Pieces, scores and the map of characters (nmt_nfkc) are those of a small model that SentencePiece trains on TRAINING; all ids,
tokens, offsets and decoded texts are those of Hugging Face's tokenizers. The map is in a file of its own, and tokenizer.json
says `"precompiled_charsmap": ""` in its place; `write_folder` and the tests put it back.
"""
import argparse
import base64
import io
import itertools
import json
import pathlib
import random
import struct

import sentencepiece
import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from make_tokenizer_goldens import REFERENCE, ROOT, TEXTS, case

SENTENCEPIECE = "0.2.3"
FIXTURES = ROOT / "Tests" / "SwiftletTokenizersTests" / "Fixtures" / "unigram"
SPECIAL_TOKENS = ["<s>", "<pad>", "</s>", "<unk>"]

# Article 1 of the Universal Declaration of Human Rights, and sentences of everyday life.
TRAINING = """
All human beings are born free and equal in dignity and rights.
They are endowed with reason and conscience and should act towards one another in a spirit of brotherhood.
The weather is lovely today, and somebody is playing football in the park near the station.
How many people live in this town? About twenty thousand, as far as I know.
Alle Menschen sind frei und gleich an Würde und Rechten geboren.
Sie sind mit Vernunft und Gewissen begabt und sollen einander im Geist der Brüderlichkeit begegnen.
Das Wetter ist heute schön, und jemand spielt Fußball im Park neben dem Bahnhof.
Tous les êtres humains naissent libres et égaux en dignité et en droits.
Ils sont doués de raison et de conscience et doivent agir les uns envers les autres dans un esprit de fraternité.
Il fait très beau aujourd'hui, et quelqu'un joue au football à côté de la gare.
Todos los seres humanos nacen libres e iguales en dignidad y derechos.
¿Cuántas personas viven en esta ciudad? Unas veinte mil, que yo sepa. ¡Qué día más bonito!
Todos os seres humanos nascem livres e iguais em dignidade e em direitos. Não há ninguém na estação.
Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. Perché non vieni più tardi?
Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Źle się dzieje, żółw.
Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv. Příliš žluťoučký kůň.
Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. İstanbul'da ışık yok.
Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền lợi.
Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan.
Minden emberi lény szabadon születik és egyenlő méltósága és joga van.
Все люди рождаются свободными и равными в своём достоинстве и правах. Они наделены разумом и совестью.
Сегодня хорошая погода, и кто-то играет в футбол в парке рядом со вокзалом.
Всі люди народжуються вільними і рівними у своїй гідності та правах. Її їжак.
Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.
כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם. שלום עולם.
يولد جميع الناس أحرارا متساوين في الكرامة والحقوق. وقد وهبوا عقلا وضميرا.
تمام افراد بشر آزاد به دنیا می‌آیند و از لحاظ حیثیت و حقوق با هم برابرند.
सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।
সমস্ত মানুষ স্বাধীনভাবে সমান মর্যাদা এবং অধিকার নিয়ে জন্মগ্রহণ করে।
மனிதப் பிறிவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர்.
มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ
모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.
오늘은 날씨가 좋아서 누군가 공원에서 축구를 하고 있다.
人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。
今天天气很好，有人在火车站旁边的公园里踢足球。
人人生而自由,在尊嚴和權利上一律平等。
すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。
今日は天気がよく、駅の近くの公園でだれかがサッカーをしています。
ყველა ადამიანი იბადება თავისუფალი და თანასწორი თავისი ღირსებითა და უფლებებით.
Բոլոր մարդիկ ծնվում են ազատ ու հավասար իրենց արժանապատվությամբ ու իրավունքներով։
ሰብዓዊ ፍጡራን ሁሉ ነጻና በክብርና በመብት እኩል ሆነው የተፈጠሩ ናቸው።
""".strip().split("\n")

UNIGRAM_TEXTS = TRAINING + [
    " leading", "trailing ", "two  spaces   three", " \u3000 ", "▁", "▁▁a", "a▁b", "▁ ▁", "a ▁b", "\u3000全角　スペース",
    "<s> in </s> text <mask>. a<mask>b  <mask> <pad><unk>x <MASK> < mask >", "Hello <unk> <unk>x x<unk>", "\x01\x02abc",
    "\u200babc \u200b\u200b d", "a\u0001b\u0007c \x0e\x1f", "\x01\x02", "\u00ad\ufeffq", "ｶﾞｷﾞｸﾞ ﾊﾟ ﾊﾞ", "㍿ ㌔ ㎏ ﷺ ﬃ ǆ ½ ⅷ ① ™",
    "©\u200d❤ ©\u200d \u0600ᄀ \u0600ᄀ\u1161 क्\u0958\u0301 \u0958\u0301", "\r\n \n\r a\r\nb\tc", "é\u0301 e\u0301\u0323 \u0344 \u1e9b\u0323",
    "🤖 🤖🤖 x🤖y 👩‍👩‍👧‍👦 👍🏽 🇨🇭", "𠀀𠀁 \U0002f800 \U000e0001 \U0010ffff", "zzzzqqqqxxxxwwww" * 4, "ᄒ\u1161\u11ab 한", "ـ ـَـ مَرْحَبًا",
    "The THE tHe 1234567890 3.14159 $1,000.00 100% a@b.cd #x", "…。、「」『』〜～－‐‑–—―", "ÅÅÅ ΩΩ KK", "\u0f73\u0f75 ำ ຳ \u0cc8",
]
UNIGRAM_PAIRS = [
    ("", ""), ("", "only the second"), ("How many people?", "Sie sind mit Vernunft begabt."), ("人人生而自由", "one two three four"),
    ("a b c d e f g h", "i"), ("Все люди 🤖", " <mask> αβγ "),
]


def fields(message):
    """The fields of a protocol buffer: number and value, of which nested ones are bytes."""
    position = 0

    def number():
        nonlocal position
        value, shift = 0, 0
        while True:
            byte = message[position]
            position += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while position < len(message):
        key = number()
        if key & 7 == 0:
            yield key >> 3, number()
        else:
            size = {1: 8, 5: 4}.get(key & 7) or number()
            yield key >> 3, message[position:position + size]
            position += size


def train():
    """Pieces with their scores, and the map of characters of a small SentencePiece model."""
    if sentencepiece.__version__ != SENTENCEPIECE:
        raise SystemExit(f"needs sentencepiece=={SENTENCEPIECE}, found {sentencepiece.__version__}")
    choose = random.Random(1)
    sentences = list(TRAINING)
    for _ in range(400):
        words = choose.choice(TRAINING).split()
        sentences.append(" ".join(choose.sample(words, len(words))))
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences), model_writer=model, vocab_size=1600, model_type="unigram",
        character_coverage=0.999, hard_vocab_limit=False, num_threads=1, minloglevel=2)
    proto = model.getvalue()
    normalizer = next(value for key, value in fields(proto) if key == 3)
    characters = next(value for key, value in fields(normalizer) if key == 2)
    processor = sentencepiece.SentencePieceProcessor(model_proto=proto)
    pieces = [(processor.id_to_piece(i), processor.get_score(i)) for i in range(3, processor.get_piece_size())]
    return pieces, characters


def darts(replacements):
    """A map of characters from texts or bytes to texts."""
    text, values, trie = b"", {}, {}
    for key, replacement in replacements.items():
        values[key] = len(text)
        text += replacement.encode() + b"\0"
        node = trie
        for byte in key if isinstance(key, bytes) else key.encode():
            node = node.setdefault(byte, {})
        node[0] = values[key]
    units, bases = {0: 0}, set()

    def place(node, unit, label):
        base = next(
            base for base in itertools.count(1)
            if base not in bases and all(base ^ byte not in units for byte in node))
        bases.add(base)
        units[unit] = (unit ^ base) << 10 | (0 in node) << 8 | label
        units.update({base ^ byte: 0 for byte in node})
        if 0 in node:
            units[base] = 1 << 31 | node[0]
        for byte, child in node.items():
            if byte:
                place(child, base ^ byte, byte)

    place(trie, 0, 0)
    count = (max(units) | 255) + 1
    numbers = [units.get(i, 1 << 31) for i in range(count)]
    return struct.pack(f"<I{count}I", 4 * count, *numbers) + text


def special(names):
    return [AddedToken(name, special=True, normalized=False, lstrip=name == "<mask>") for name in names]


def multilingual(pieces, characters):
    """As multilingual-e5's and paraphrase-multilingual-MiniLM's."""
    vocabulary = [(name, 0.0) for name in SPECIAL_TOKENS] + pieces + [("<mask>", 0.0)]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Precompiled(characters)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace("▁", "always")])
    tokenizer.decoder = decoders.Metaspace("▁", "always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    tokenizer.add_special_tokens(special(SPECIAL_TOKENS + ["<mask>"]))
    return tokenizer


def spaces(pieces, characters):
    """As bge-m3's: runs of spaces are joined, those at the end are dropped."""
    tokenizer = multilingual(pieces, characters)
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.Precompiled(characters), normalizers.Strip(left=False, right=True),
        normalizers.Replace(Regex(" {2,}"), "▁")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", "always")
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), True, True)
    return tokenizer


def odd(pieces):
    """Everything a tokenizer.json can say otherwise: own map, bytes for unknown text, whole texts, ties."""
    characters = darts({
        "Q": "q", "é": "e\u0301", "e\u0301": "é", "ﬃ": "ffi", "x\u0301": "", "\u0301": "", "~": "", "日本": "Nihon", "日": "",
        "ß": "ss", "🤖": "robot ", "…": "...", b"\xe2\x82": "?", "\u00a0": " ", "'": "\u0301", "ab": "cannot be found",
    })
    scores = {}
    for piece, _ in pieces[:400]:
        scores[piece] = -float(len(piece.encode()))  # every way to cut a text into pieces has the same score
    scores |= {letter: -1.0 for letter in "abcdefghijklmnopqrstuvwxyz"} | {"▁": -3.0, "xx": 5.0, "q q": 1.0, "zz": -30.0}
    vocabulary = [("<unk>", 0.0), ("<s>", 0.0), ("</s>", 0.0)] + list(scores.items())
    vocabulary += [(f"<0x{byte:02X}>", -4.0) for byte in range(256) if byte != 0xF0] + [("the", -0.5), ("the", -9.0)]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=0, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.Lowercase(), normalizers.Precompiled(characters), normalizers.Strip(left=True, right=True),
        normalizers.Replace("...", " ,"), normalizers.Replace("\t", "")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", "first", split=False)
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.Sequence([processors.TemplateProcessing(
        single="<s> $A:1 </s> <s>:2", pair="$B:3 </s>:1 $A:0 <s> </s>", special_tokens=[("<s>", 1), ("</s>", 2)])])
    tokenizer.add_special_tokens(special(["<s>", "</s>", "<unk>"]))
    tokenizer.add_tokens([
        AddedToken("SEIN", normalized=True), AddedToken("frei", normalized=True, single_word=True, lstrip=True),
        AddedToken("Q Q", normalized=False, rstrip=True)])
    return tokenizer


def plain(pieces):
    """No normalizer, no decoder, nothing around texts: Unigram alone, on whole texts."""
    tokenizer = Tokenizer(models.Unigram([("?", -1.0), ("<s>", -2.0), ("</s>", -2.0)] + pieces, unk_id=0, byte_fallback=False))
    return tokenizer


def all_tokenizers():
    """Tokenizers by name, and the map of characters of the first two."""
    pieces, characters = train()
    return {
        "multilingual": multilingual(pieces, characters), "spaces": spaces(pieces, characters), "odd": odd(pieces),
        "plain": plain(pieces),
    }, characters


def without_map(tokenizer, encoded):
    """tokenizer.json with the map left out."""
    return tokenizer.to_str(pretty=False).replace(encoded, "")


def write_folder(folder, name, fixtures=FIXTURES):
    """The folder of a tokenizer as a user has it."""
    encoded = (fixtures / "nmt_nfkc.base64").read_text().strip()
    text = (fixtures / name / "tokenizer.json").read_text(encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(
        text.replace('"precompiled_charsmap":""', f'"precompiled_charsmap":"{encoded}"'), encoding="utf-8")


def cases(tokenizer, raw):
    texts = UNIGRAM_TEXTS + TEXTS
    yield from (case(tokenizer, text) for text in texts)
    yield from (case(tokenizer, text, special=False) for text in texts[:3])
    if raw:
        yield from (case(tokenizer, text, raw=True) for text in texts if "<" in text)
    for length in [4, 5, 9]:
        yield from (case(tokenizer, text, max_length=length) for text in texts[2:40:3])
    for length in [None, 4, 5, 8, 9, 16]:
        yield from (case(tokenizer, *pair, max_length=length) for pair in UNIGRAM_PAIRS)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, default=FIXTURES)
    output = parser.parse_args().output
    if tokenizers.__version__ != REFERENCE:
        raise SystemExit(f"needs tokenizers=={REFERENCE}, found {tokenizers.__version__}")
    by_name, characters = all_tokenizers()
    encoded = base64.b64encode(characters).decode()
    output.mkdir(parents=True, exist_ok=True)
    (output / "nmt_nfkc.base64").write_text(encoded + "\n")
    for name, tokenizer in by_name.items():
        (output / name).mkdir(exist_ok=True)
        tokenizer.no_truncation()
        (output / name / "tokenizer.json").write_text(without_map(tokenizer, encoded) + "\n", encoding="utf-8")
        lines = (json.dumps(golden, ensure_ascii=False, separators=(",", ":")) for golden in cases(tokenizer, name != "odd"))
        (output / name / "goldens.json").write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
