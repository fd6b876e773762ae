"""What the calibration study is made of. Only ``judge_ours`` and ``by_time`` need this package; the rest, peers run."""
