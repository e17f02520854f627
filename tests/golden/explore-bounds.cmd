$VKEPT explore --preemptions 0 tests/data/explore/message.yaml; $VKEPT explore --depth 3 tests/data/explore/message.yaml; $VKEPT explore --budget 5 tests/data/explore/message.yaml
