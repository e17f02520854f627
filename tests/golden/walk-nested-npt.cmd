$VKEPT walk --core tests/data/linux-guest/nested-npt/pt.elf.gz --nested npt --nested-root 0x114f2000 --gva 0x402010
