$VKEPT bits -f json --as ept --level 2 0x6f7
