# SPDX-License-Identifier: Apache-2.0
"""The peers, from token ids to unit vectors, or to the logits of a cross-encoder. Imported by measure.py.

Each engine runs in some variants, of which the fastest is to count: streams, graphs. A variant is a function of
(inputs, done), with arrays [texts, tokens] by name, that hands the vectors to `done`, at once or later, and has a `wait`.
"""
import json
import os

import numpy as np
from tokenizers import BertWordPieceTokenizer

THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def tokenizer(model, length=None):
    """Hugging Face's fast tokenizer; with a length, cutting and padding."""
    result = BertWordPieceTokenizer(f"{model}/vocab.txt")
    if length:
        result.enable_truncation(length)
        result.enable_padding()
    return result


def length(text):
    """Letters of a text or a pair."""
    return len(text) if isinstance(text, str) else sum(map(len, text))


def batches(tokenizer, texts, size):
    """(indices of texts, inputs) of texts or pairs of about one length together, the longest first."""
    order = sorted(range(len(texts)), key=lambda index: -length(texts[index]))
    for first in range(0, len(order), size):
        indices = order[first : first + size]
        encodings = tokenizer.encode_batch([texts[index] for index in indices])
        parts = {"input_ids": "ids", "attention_mask": "attention_mask", "token_type_ids": "type_ids"}
        yield indices, {name: np.array([getattr(e, part) for e in encodings]) for name, part in parts.items()}


class Network:
    """What transformers makes of a folder: which class, its inputs and what is made of its output."""

    def __init__(self, model):
        config = json.loads((model / "config.json").read_text())
        self.model = model
        self.is_cross_encoder = config["architectures"][0].endswith("ForSequenceClassification")
        self.inputs = ["input_ids", "attention_mask"] + ["token_type_ids"] * (config["model_type"] == "bert")

    def load(self, **options):
        from transformers import AutoModel, AutoModelForSequenceClassification

        kind = AutoModelForSequenceClassification if self.is_cross_encoder else AutoModel
        return kind.from_pretrained(self.model, **options).eval()

    def output(self, result):
        return result.logits if self.is_cross_encoder else result.last_hidden_state

    def chosen(self, inputs):
        return {name: inputs[name] for name in self.inputs}

    def vectors(self, output, mask):
        """The logits as they are, or unit vectors of means."""
        if self.is_cross_encoder:
            return output
        weights = mask[:, :, None].astype(np.float32)
        means = (output * weights).sum(1) / weights.sum(1)
        return means / np.linalg.norm(means, axis=1, keepdims=True)


def synchronous(network, compute):
    def variant(inputs, done):
        done(network.vectors(compute(network.chosen(inputs)), inputs["attention_mask"]))

    variant.wait = lambda: None
    return variant


def pytorch(model, precision, **_):
    import torch

    torch.set_num_threads(THREADS)
    network = Network(model)
    module = network.load(dtype=getattr(torch, precision))

    def compute(inputs):
        with torch.inference_mode():
            result = module(**{name: torch.from_numpy(values) for name, values in inputs.items()})
            return network.output(result).float().numpy()

    yield "", synchronous(network, compute)


def onnx_graph(model, cache):
    """The model in ONNX, as PyTorch exports it."""
    path = cache / "model.onnx"
    if not path.exists():
        import torch

        network = Network(model)
        module = network.load(dtype=torch.float32, attn_implementation="eager")

        class Output(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.module = module

            def forward(self, *inputs):
                return network.output(self.module(**dict(zip(network.inputs, inputs))))

        ids = torch.full((2, 16), 5, dtype=torch.int64)
        values = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "token_type_ids": torch.zeros_like(ids)}
        torch.onnx.export(
            Output(), tuple(network.chosen(values).values()), str(path), input_names=network.inputs,
            output_names=["output"], opset_version=17, dynamo=False,
            dynamic_axes={name: {0: "texts", 1: "tokens"} for name in network.inputs} | {
                "output": {0: "texts"} if network.is_cross_encoder else {0: "texts", 1: "tokens"}})
    return path


def onnxruntime(model, precision, cache, **_):
    import onnxruntime
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers import optimizer

    def session(path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        types = {argument.name: np.int32 if "int32" in argument.type else np.int64 for argument in session.get_inputs()}

        def compute(inputs):
            return session.run(None, {name: inputs[name].astype(types[name]) for name in types})[0]

        return synchronous(Network(model), compute)

    graph, fused, quantized = onnx_graph(model, cache), cache / "fused.onnx", cache / "int8.onnx"
    if precision == "int8":
        if not quantized.exists():
            quantize_dynamic(graph, quantized, weight_type=QuantType.QInt8, per_channel=True)
        yield "dynamic", session(quantized)
    else:
        yield "", session(graph)
        if not fused.exists():
            config = json.loads((model / "config.json").read_text())
            optimizer.optimize_model(
                str(graph), model_type="bert", num_heads=config.get("num_attention_heads", config.get("n_heads")),
                hidden_size=config.get("hidden_size", config.get("dim")), opt_level=1).save_model_to_file(str(fused))
        yield "fused", session(fused)


def openvino(model, precision, cache, calibration, latency=False, **_):
    import openvino

    core, chosen = openvino.Core(), Network(model).chosen
    graph = core.read_model(onnx_graph(model, cache))
    if precision == "int8":
        quantized = cache / "openvino-int8.xml"
        if not quantized.exists():
            import nncf

            inputs = [chosen(inputs) for _, inputs in batches(tokenizer(model, 256), calibration, 8)]
            quantized_graph = nncf.quantize(
                graph, nncf.Dataset(inputs), model_type=nncf.ModelType.TRANSFORMER, subset_size=len(inputs))
            openvino.save_model(quantized_graph, quantized, compress_to_fp16=False)
        graph = core.read_model(quantized)
    settings = {
        "INFERENCE_NUM_THREADS": THREADS, "INFERENCE_PRECISION_HINT": "bf16" if precision == "bfloat16" else "f32",
        "PERFORMANCE_HINT": "LATENCY" if latency else "THROUGHPUT"}
    for streams in [1] if latency else [1, 2]:
        compiled = core.compile_model(graph, "CPU", settings | {"NUM_STREAMS": streams})
        yield f"streams: {streams}", queued(Network(model), compiled, streams)


def one_request(compiled):
    request = compiled.create_infer_request()
    return lambda inputs: request.infer(inputs)[0]


def queued(network, compiled, streams):
    if streams == 1:
        return synchronous(network, one_request(compiled))
    import openvino

    queue = openvino.AsyncInferQueue(compiled, streams)
    # Copied, since the next request writes to the same memory.
    queue.set_callback(lambda request, data: data[1](network.vectors(request.get_output_tensor(0).data.copy(), data[0])))

    def variant(inputs, done):
        queue.start_async(network.chosen(inputs), (inputs["attention_mask"], done))

    variant.wait = queue.wait_all
    return variant


def ctranslate2(model, precision, cache, **_):
    import ctranslate2

    folder = cache / f"ctranslate2-{precision}"
    if not folder.exists():
        ctranslate2.converters.TransformersConverter(str(model)).convert(str(folder), quantization=precision)
    encoder = ctranslate2.Encoder(str(folder), device="cpu", intra_threads=THREADS, compute_type=precision)

    def compute(inputs):
        lengths = ctranslate2.StorageView.from_array(inputs["attention_mask"].sum(1).astype(np.int32))
        output = encoder.forward_batch(ctranslate2.StorageView.from_array(inputs["input_ids"].astype(np.int32)), lengths)
        return np.array(output.last_hidden_state)

    yield "", synchronous(Network(model), compute)


def llamacpp(model, precision, cache, **_):
    """Texts stand one after the other in a batch, without padding. F16 stands beside bfloat16: weights of 16 bits."""
    import llama_cpp

    import make_gguf

    type = {"float32": "F32", "bfloat16": "F16", "int8": "Q8_0"}[precision]
    path = cache / f"{type}.gguf"
    if not path.exists():
        make_gguf.write(model, type, path)
    silence = llama_cpp.llama_log_callback(lambda *_: None)
    llama_cpp.llama_log_set(silence, None)
    llama_cpp.llama_backend_init()
    weights = llama_cpp.llama_model_load_from_file(str(path).encode(), llama_cpp.llama_model_default_params())
    settings, most, texts = llama_cpp.llama_context_default_params(), 64 * 256, 64
    settings.n_ctx = settings.n_batch = settings.n_ubatch = most
    settings.n_seq_max = texts
    settings.n_threads = settings.n_threads_batch = THREADS
    settings.embeddings, settings.pooling_type = True, llama_cpp.LLAMA_POOLING_TYPE_MEAN
    context = llama_cpp.llama_init_from_model(weights, settings)
    batch, width = llama_cpp.llama_batch_init(most, 0, 1), llama_cpp.llama_model_n_embd(weights)

    def variant(inputs, done):
        count = 0
        for text, (ids, mask) in enumerate(zip(inputs["input_ids"], inputs["attention_mask"])):
            for position, id in enumerate(ids[: mask.sum()]):
                batch.token[count], batch.pos[count], batch.logits[count] = id, position, True
                batch.n_seq_id[count], batch.seq_id[count][0] = 1, text
                count += 1
        batch.n_tokens = count
        if llama_cpp.llama_encode(context, batch) != 0:
            raise RuntimeError("llama_encode failed")
        vectors = np.stack([
            np.ctypeslib.as_array(llama_cpp.llama_get_embeddings_seq(context, text), (width,)).copy()
            for text in range(len(inputs["input_ids"]))])
        done(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))

    variant.wait, variant.kept = lambda: None, silence
    yield type, variant


def fastembed(model, precision, cache, **_):
    """The way from text to vector is fastembed's own: its batches keep the order of the texts, and it pads them."""
    import shutil

    from fastembed import TextEmbedding

    folder = cache / "fastembed"
    if not folder.exists():
        folder.mkdir()
        shutil.copy(onnx_graph(model, cache), folder / "model.onnx")
        shutil.copy(model / "config.json", folder)
        settings = {"model_max_length": 512} | json.loads((model / "tokenizer_config.json").read_text(encoding="utf-8"))
        (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
        tokenizer(model).save(str(folder / "tokenizer.json"))
        (folder / "special_tokens_map.json").write_text(json.dumps({
            "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]", "mask_token": "[MASK]"}))
    embedding = TextEmbedding(
        "sentence-transformers/all-MiniLM-L6-v2", specific_model_path=str(folder), threads=THREADS)

    def variant(texts, size):
        return list(embedding.embed(texts, batch_size=size))

    variant.reads_texts = True
    yield "", variant
