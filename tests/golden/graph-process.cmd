$VKEPT graph --core tests/data/linux-guest/l4-basic/pt.elf.gz --range 0x400000-0x800000
