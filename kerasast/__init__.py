"""kerasast reads Keras code without running it and reports the mistakes that cost a trained model."""

__version__ = "0.1.0"
