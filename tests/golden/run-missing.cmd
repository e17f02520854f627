$VKEPT run --missing tests/data/tlb/missing.yaml
