# Unpacks a wheel and keeps the execute bits, which `python3 -m zipfile` drops.
import os
import sys
import zipfile

wheel, target = sys.argv[1:3]
with zipfile.ZipFile(wheel) as archive:
    for member in archive.infolist():
        path = archive.extract(member, target)
        mode = member.external_attr >> 16
        os.chmod(path, 0o755 if member.is_dir() or mode & 0o100 else 0o644)
