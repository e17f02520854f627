$VKEPT run -f tap tests/data/tlb/missing.yaml
