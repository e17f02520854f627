$VKEPT walk -f json --gva 0x400ff8 --size 16 --access w tests/data/cli/bare.yaml
