$VKEPT explore tests/data/explore/stale.yaml
