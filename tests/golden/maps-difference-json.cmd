$VKEPT maps -f json --core tests/data/linux-guest/l4-basic/pt.elf.gz --cpu 0 --against-cpu 1 --range -0x41c000
