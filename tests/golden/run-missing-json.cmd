$VKEPT run --missing -f json scenarios/tlb/invalidation-left-out.yaml
