BACKUP y TO 'file'
