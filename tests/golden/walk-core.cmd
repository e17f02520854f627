$VKEPT walk --core tests/data/linux-guest/l5-la57/pt.elf.gz --cpu 0 --gva 0x400000 --access w
