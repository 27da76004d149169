/* Binds the suite's parameter to the module, as the mirage command does in an instance. */
#pragma redefine_extname kv_stat kv_mem_stat
#pragma redefine_extname kv_get kv_mem_get
#pragma redefine_extname kv_read kv_mem_read
#pragma redefine_extname kv_list kv_mem_list
#pragma redefine_extname kv_set kv_mem_set
#pragma redefine_extname kv_write kv_mem_write
#pragma redefine_extname kv_remove kv_mem_remove
#pragma redefine_extname kv_rename kv_mem_rename
#pragma redefine_extname kv_sync kv_mem_sync
