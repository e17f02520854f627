$VKEPT walk -f json --core tests/data/linux-guest/nested-npt/pt.elf.gz --nested npt --nested-root 0x114f2000 --cr3 0xf0000000000 --gva 0
