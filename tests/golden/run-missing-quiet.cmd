$VKEPT run --missing -q scenarios/tlb/invalidation-left-out.yaml
