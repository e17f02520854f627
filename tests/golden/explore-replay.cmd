$VKEPT explore --replay tests/data/explore/lost.replay tests/data/explore/lost.yaml
