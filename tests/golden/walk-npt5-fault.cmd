$VKEPT walk --core tests/data/linux-guest/nested-npt/pt.elf.gz --nested npt5 --nested-root 0x114f2000 --cr3 0x1000 --gva 0x402010
