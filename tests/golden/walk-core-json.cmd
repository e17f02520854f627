$VKEPT walk -f json --core tests/data/linux-guest/nested-npt/pt.elf.gz --nested npt --nested-root 0x114f2000 --gva 0x600000 --access x --cpl 3
