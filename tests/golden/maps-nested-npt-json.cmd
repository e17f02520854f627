$VKEPT maps -f json --core tests/data/linux-guest/nested-npt/pt.elf.gz --nested npt --nested-root 0x114f2000 --range 0x40e000-0x418000
