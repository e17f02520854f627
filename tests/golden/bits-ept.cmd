$VKEPT bits --as ept R W memtype=WB frame=0x1000 bit51
