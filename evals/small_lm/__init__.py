"""Models and data sets for the profile `gpu`: transformers' own architectures with 50 to 90 million
parameters, pre-trained on made text in a minute of one GPU, and two benchmarks that they can be taught in
another.

No torch is imported before a model is made, and nothing here is used when a real model is evaluated.
"""
