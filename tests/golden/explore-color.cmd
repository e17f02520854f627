$VKEPT explore --color always tests/data/explore/lost.yaml
