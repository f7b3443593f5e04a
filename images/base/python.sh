# Packs Python with the libraries and the loader that it needs, so that it runs beside any others: sh python.sh TARGET
set -eu
target=$1
program=$(readlink -f /usr/bin/python3)
name=${program##*/}
folder=$(mktemp -d)
mkdir -p "$folder/python/bin" "$folder/python/lib"
cp "$program" "$folder/python/bin/python3"
cp -a "/usr/lib/$name" "$folder/python/lib/$name"
rm -rf "$folder/python/lib/$name/test" "$folder/python/lib/$name/idlelib" "$folder/python/lib/$name/ensurepip"
# Each line of ldd has a path; the loader's has nothing before it.
ldd "$program" "/usr/lib/$name"/lib-dynload/*.so | grep -o '/[^ ]*\.so[^ ]*' | grep -v : | sort -u |
    while read -r library; do cp -L "$library" "$folder/python/lib/"; done
loader=$(ldd "$program" | sed -n 's,^[[:space:]]*\(/[^ ]*\).*,\1,p')
mv "$folder/python/lib/${loader##*/}" "$folder/python/lib/loader"
tar --create --file="$target" --directory="$folder" python
rm -r "$folder"
