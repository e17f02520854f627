$VKEPT conform tests/data/vectors/ept.jsonl tests/data/vectors/pku-few.jsonl.gz
