# SPDX-License-Identifier: Apache-2.0
"""The peers, from token ids to unit vectors. Imported by measure.py.

Each engine runs in some variants, of which the fastest is to count: streams, graphs. A variant is a function of
(ids, mask, done), with arrays [texts, tokens], that hands the vectors to `done`, at once or later, and has a `wait`.
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


def batches(tokenizer, texts, size):
    """(indices of texts, ids, mask) of texts of about one length together, the longest first."""
    order = sorted(range(len(texts)), key=lambda index: -len(texts[index]))
    for first in range(0, len(order), size):
        indices = order[first : first + size]
        encodings = tokenizer.encode_batch([texts[index] for index in indices])
        yield indices, np.array([e.ids for e in encodings]), np.array([e.attention_mask for e in encodings])


def unit_means(states, mask):
    weights = mask[:, :, None].astype(np.float32)
    means = (states * weights).sum(1) / weights.sum(1)
    return means / np.linalg.norm(means, axis=1, keepdims=True)


def synchronous(states):
    def variant(ids, mask, done):
        done(unit_means(states(ids, mask), mask))

    variant.wait = lambda: None
    return variant


def pytorch(model, precision, **_):
    import torch
    from transformers import AutoModel

    torch.set_num_threads(THREADS)
    network = AutoModel.from_pretrained(model, dtype=getattr(torch, precision)).eval()

    def states(ids, mask):
        with torch.inference_mode():
            output = network(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask))
            return output.last_hidden_state.float().numpy()

    yield "", synchronous(states)


def onnx_graph(model, cache):
    """The model in ONNX, as PyTorch exports it."""
    path = cache / "model.onnx"
    if not path.exists():
        import torch
        from transformers import AutoModel

        network = AutoModel.from_pretrained(model, dtype=torch.float32, attn_implementation="eager").eval()

        class LastHiddenState(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.network = network

            def forward(self, ids, mask, types):
                return self.network(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state

        ids = torch.zeros((2, 16), dtype=torch.int64)
        names = ["input_ids", "attention_mask", "token_type_ids"]
        torch.onnx.export(
            LastHiddenState(), (ids, torch.ones_like(ids), ids), str(path), input_names=names, output_names=["states"],
            dynamic_axes={name: {0: "texts", 1: "tokens"} for name in [*names, "states"]}, opset_version=17,
            dynamo=False)
    return path


def onnx_inputs(ids, mask):
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}


def onnxruntime(model, precision, cache, **_):
    import onnxruntime
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.transformers import optimizer

    def session(path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        types = {argument.name: np.int32 if "int32" in argument.type else np.int64 for argument in session.get_inputs()}

        def states(ids, mask):
            inputs = onnx_inputs(ids, mask)
            return session.run(None, {name: inputs[name].astype(types[name]) for name in types})[0]

        return synchronous(states)

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
                str(graph), model_type="bert", num_heads=config["num_attention_heads"],
                hidden_size=config["hidden_size"], opt_level=1).save_model_to_file(str(fused))
        yield "fused", session(fused)


def openvino(model, precision, cache, calibration, latency=False, **_):
    import openvino

    core = openvino.Core()
    graph = core.read_model(onnx_graph(model, cache))
    if precision == "int8":
        quantized = cache / "openvino-int8.xml"
        if not quantized.exists():
            import nncf

            inputs = [onnx_inputs(ids, mask) for _, ids, mask in batches(tokenizer(model, 256), calibration, 8)]
            quantized_graph = nncf.quantize(
                graph, nncf.Dataset(inputs), model_type=nncf.ModelType.TRANSFORMER, subset_size=len(inputs))
            openvino.save_model(quantized_graph, quantized, compress_to_fp16=False)
        graph = core.read_model(quantized)
    settings = {
        "INFERENCE_NUM_THREADS": THREADS, "INFERENCE_PRECISION_HINT": "bf16" if precision == "bfloat16" else "f32",
        "PERFORMANCE_HINT": "LATENCY" if latency else "THROUGHPUT"}
    for streams in [1] if latency else [1, 2]:
        network = core.compile_model(graph, "CPU", settings | {"NUM_STREAMS": streams})
        yield f"streams: {streams}", synchronous(one_request(network)) if streams == 1 else queued(network, streams)


def one_request(network):
    request = network.create_infer_request()
    return lambda ids, mask: request.infer(onnx_inputs(ids, mask))[0]


def queued(network, streams):
    import openvino

    queue = openvino.AsyncInferQueue(network, streams)
    queue.set_callback(lambda request, data: data[1](unit_means(request.get_output_tensor(0).data, data[0])))

    def variant(ids, mask, done):
        queue.start_async(onnx_inputs(ids, mask), (mask, done))

    variant.wait = queue.wait_all
    return variant


def ctranslate2(model, precision, cache, **_):
    import ctranslate2

    folder = cache / f"ctranslate2-{precision}"
    if not folder.exists():
        ctranslate2.converters.TransformersConverter(str(model)).convert(str(folder), quantization=precision)
    encoder = ctranslate2.Encoder(str(folder), device="cpu", intra_threads=THREADS, compute_type=precision)

    def states(ids, mask):
        lengths = ctranslate2.StorageView.from_array(mask.sum(1).astype(np.int32))
        output = encoder.forward_batch(ctranslate2.StorageView.from_array(ids.astype(np.int32)), lengths)
        return np.array(output.last_hidden_state)

    yield "", synchronous(states)
