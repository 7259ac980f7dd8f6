#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows how the weights of PyTorch's DistributedDataParallel, on CPUs with gloo, depend on the number of processes.

usage: compare_ddp.py [--steps 3] [--batch 256]

The bundled model, batches of the workshop's texts, AdamW, no dropout: the same batches in the same order with 1, 2 and 4
processes, each of which takes its part of a batch; the loss is a mean over texts, so that the averaged gradients are those of
the whole batch but for rounding. Losses that compare the texts of a batch with each other would differ by more: each process
sees its own texts alone. Prints the SHA-256 of each run's weights, how many numbers differ from those of one process, and the
largest difference. Needs the packages of requirements.txt.
"""
import argparse
import csv
import hashlib
import os
import pathlib

import torch
import torch.distributed
import torch.multiprocessing
from torch.nn.parallel import DistributedDataParallel
from transformers import AutoModel, AutoTokenizer

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODEL = ROOT / "weights" / "all-MiniLM-L6-v2"


def train(rank, ranks, arguments, results):
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(29500 + ranks)}
    torch.distributed.init_process_group("gloo", rank=rank, world_size=ranks)
    torch.manual_seed(0)
    torch.set_num_threads(1)
    with open(ROOT / "Examples/Data/workshop/train.csv", encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    model = DistributedDataParallel(AutoModel.from_pretrained(MODEL, add_pooling_layer=False, attn_implementation="eager", dtype=torch.float32).eval())
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-5)
    share = arguments.batch // ranks
    for step in range(arguments.steps):
        batch = [texts[(step * arguments.batch + index) % len(texts)] for index in range(arguments.batch)]
        tokens = tokenizer(batch[rank * share:(rank + 1) * share], padding=True, return_tensors="pt")
        states = model(**tokens).last_hidden_state
        mask = tokens["attention_mask"].unsqueeze(-1)
        vectors = torch.nn.functional.normalize((states * mask).sum(1) / mask.sum(1))
        # A mean over texts: the first number of a vector is drawn to 0.1.
        loss = ((vectors[:, 0] - 0.1) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if rank == 0:
        results[ranks] = torch.cat([parameter.detach().flatten() for parameter in model.parameters()])
    torch.distributed.destroy_process_group()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--batch", type=int, default=256)
    arguments = parser.parse_args()
    with torch.multiprocessing.Manager() as manager:
        results = manager.dict()
        for ranks in 1, 2, 4:
            torch.multiprocessing.spawn(train, (ranks, arguments, results), nprocs=ranks)
            weights, alone = results[ranks], results[1]
            different = (weights != alone).sum().item()
            print(f"{ranks} ranks: {hashlib.sha256(weights.numpy().tobytes()).hexdigest()[:16]}, {different:,} of {len(alone):,} numbers differ "
                  f"from one rank's, by up to {(weights - alone).abs().max().item():.2g}", flush=True)


if __name__ == "__main__":
    main()
