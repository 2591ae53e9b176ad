"""Models and data sets for the profile `cpu`: transformers' own architectures with some ten thousand
parameters, and items of the real benchmarks' schemas that such a model can learn in a minute.

No torch is imported before a model is made, and nothing here is used when a real model is evaluated.
"""
