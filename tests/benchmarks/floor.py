"""The floor: what no layer of this kind can do without, as plain matrix products and nothing else.

Value and output projection and one mode product a mode. Operands lie ready and contiguous, each
product in the layout that is fastest for it on this machine (tried beforehand), results are
allocated as any layer must. No pooling, queries, keys, norms, softmax, biases or permutations.
"""

import math
import time

import torch

from tests.benchmarks.clock import synchronise

TRIES = 5


class Floor:
    """Plain products of the sizes that the layer has; forward, or forward and backward."""

    def __init__(self, batch, sizes, dim, heads, device):
        tokens = batch * math.prod(sizes)
        weights = torch.randn(dim, dim, device=device)
        projection = fastest(
            Product(torch.randn(tokens, dim, device=device), weights),
            Product(weights, torch.randn(dim, tokens, device=device)),
        )
        self.products = [projection, projection]
        for n in sizes:
            rest = math.prod(sizes) // n * dim // heads
            factor = torch.rand(batch * heads, n, n, device=device)
            self.products.append(
                fastest(
                    Product(factor, torch.randn(batch * heads, n, rest, device=device)),
                    Product(torch.randn(batch * heads, rest, n, device=device), factor),
                )
            )

    def forward(self):
        for product in self.products:
            product.forward()

    def training(self):
        for product in self.products:
            product.forward()
            product.backward()


class Product:
    """`A B`, and what its backward pass takes: `G Bᵀ` and `Aᵀ G`."""

    def __init__(self, left, right):
        self.left, self.right = left, right
        self.multiply = torch.mm if left.ndim == 2 else torch.bmm
        self.gradient = self.forward()

    def forward(self):
        return self.multiply(self.left, self.right)

    def backward(self):
        self.multiply(self.gradient, self.right.mT)
        self.multiply(self.left.mT, self.gradient)


def fastest(*products):
    """The product with the shortest of a few tries."""
    return min(products, key=lambda product: min(seconds(product) for _ in range(TRIES)))


def seconds(product):
    synchronise(product.left.device)
    start = time.perf_counter()
    product.forward()
    synchronise(product.left.device)
    return time.perf_counter() - start
