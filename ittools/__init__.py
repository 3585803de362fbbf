"""ittools: instruction-tuning datasets, from seed tasks to a tuned model."""

__version__ = "0.1.0"
