"""What the speed and scaling benchmarks are made of: data, child processes, figures and tables."""
