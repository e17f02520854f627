$VKEPT run scenarios/tlb/invalidation-left-out.yaml
