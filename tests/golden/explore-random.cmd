$VKEPT explore --runs 20 --seed 1 tests/data/explore/message.yaml tests/data/explore/lost.yaml
