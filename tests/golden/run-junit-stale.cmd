$VKEPT run -f junit tests/data/tlb/missing.yaml
