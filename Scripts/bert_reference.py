# SPDX-License-Identifier: Apache-2.0
"""BERT models and their kin with random weights, and PyTorch's hidden states of any such folder. Imported by the scripts here."""
import inspect
import json
import pathlib

import numpy as np
import torch
from safetensors.numpy import save_file
from transformers import (
    AutoModel, BertConfig, DistilBertConfig, ElectraConfig, MPNetConfig, XLMRobertaConfig)
from transformers.utils import logging

logging.set_verbosity_error()  # no report on the pooler that a checkpoint may leave out
logging.disable_progress_bar()

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
FIXTURES = REPOSITORY / "Tests" / "SwiftletEncodersTests" / "Fixtures"
SPECIAL_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
# In RoBERTa's order: the padding token has id 1.
SPECIAL_TOKENS_OF_ROBERTA = ["[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"]

# By the model type: the class of the configuration, and the prefix of the weights in a model with a task's head.
ARCHITECTURES = {
    "bert": (BertConfig, "bert."),
    "distilbert": (DistilBertConfig, "distilbert."),
    "electra": (ElectraConfig, "electra."),
    "mpnet": (MPNetConfig, "mpnet."),
    "xlm-roberta": (XLMRobertaConfig, "roberta."),
}
# The keys that DistilBERT has others for, or none.
DISTILBERT_KEYS = {
    "hidden_size": "dim", "num_hidden_layers": "n_layers", "num_attention_heads": "n_heads",
    "intermediate_size": "hidden_dim", "hidden_act": "activation", "type_vocab_size": None, "layer_norm_eps": None,
}


def configuration(model_type, **sizes):
    """The configuration of an architecture from BERT's keys; what it does not have is left out."""
    kind = ARCHITECTURES[model_type][0]
    if model_type == "distilbert":
        sizes = {DISTILBERT_KEYS.get(key, key): value for key, value in sizes.items()}
    elif model_type == "mpnet":
        sizes.pop("type_vocab_size", None)
    sizes.pop(None, None)
    return kind(**sizes)


def first_position(config):
    """The position of a text's first token."""
    return 2 if config.model_type in ("mpnet", "xlm-roberta") else 0


def random_weights(config, seed, kind=AutoModel):
    """Random weights: a float32 array by name for each parameter of transformers' model, by default the one without a head.

    They spread as in a trained model, not as in initialize_weights: attention is not uniform, and layer norms scale
    and shift.
    """
    rng = np.random.default_rng(seed)
    with torch.device("meta"):
        shapes = {name: tuple(tensor.shape) for name, tensor in kind.from_config(config).state_dict().items()}
    weights = {}
    for name, shape in sorted(shapes.items()):
        noise = rng.standard_normal(shape, dtype=np.float32)
        if name.lower().replace("_", "").endswith("layernorm.weight"):
            weights[name] = 1 + 0.2 * noise
        elif name.endswith("bias"):
            weights[name] = 0.1 * noise
        elif "embeddings" in name:
            weights[name] = 0.5 * noise
        else:
            weights[name] = 1.2 / np.sqrt(np.float32(shape[1])) * noise
    return weights


def write_model(folder, config, weights, vocabulary, lowercase):
    """Writes a model folder with one weights file; makes the folder if it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", config.to_diff_dict() | {"architectures": [AutoModel._model_mapping[type(config)].__name__], "dtype": "float32"})
    write_json(folder / "tokenizer_config.json", {"do_lower_case": lowercase, "tokenizer_class": "BertTokenizer"})
    (folder / "vocab.txt").write_text("".join(piece + "\n" for piece in vocabulary), encoding="utf-8")
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def write_json(path, value):
    """Writes JSON, each element of a list on a line of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(value, list):
        text = "[\n" + ",\n".join(json.dumps(element, ensure_ascii=False) for element in value) + "\n]\n"
    else:
        text = json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    path.write_text(text, encoding="utf-8")


def load(folder, dtype):
    """transformers' model of the folder, its weights rounded to float32 first, then computing in dtype."""
    return AutoModel.from_pretrained(folder, dtype=torch.float32, local_files_only=True).to(dtype).eval()


def hidden_states(model, encoding):
    """[layers + 1, tokens, hidden] of one text alone, so unpadded: the embeddings' output, then each layer's."""
    known = inspect.signature(model.forward).parameters
    inputs = {name: torch.tensor([encoding[name]]) for name in ("input_ids", "token_type_ids") if name in known}
    with torch.inference_mode():
        states = model(**inputs, attention_mask=torch.ones_like(inputs["input_ids"]), output_hidden_states=True)
    return torch.cat(states.hidden_states).numpy()


def largest_errors(states, reference):
    """The largest distance to the float64 reference in each layer: [layers + 1]."""
    return np.abs(states.astype(np.float64) - reference).max(axis=(1, 2))
