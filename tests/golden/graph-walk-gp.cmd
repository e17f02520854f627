$VKEPT graph --core tests/data/linux-guest/l4-basic/pt.elf.gz --walk 0x800000000000
