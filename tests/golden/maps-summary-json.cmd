$VKEPT maps --summary -f json --core tests/data/linux-guest/nested-npt/pt.elf.gz --nested npt --nested-root 0x114f2000
