"""HOT Lens: Higher-Order Transformers whose Kronecker-structured attention can be seen and questioned."""
