"""Resolves paths to the files that define the named items, through re-exports. A re-export is an import, too."""

from dataclasses import dataclass

from source import Module, read_crate

CRATE = "event_routing_backends"


@dataclass(frozen=True)
class Import:
    """One file's use of what another file defines, with an example."""

    importer: str
    imported: str
    line: int
    path: str
    # The files whose re-exports the path goes through.
    through: tuple = ()

    def __str__(self):
        return f"src/{self.importer}:{self.line}: {self.path}"


@dataclass
class _Found:
    module: Module
    # Whether the path names an item of the module, and not the module itself.
    is_item: bool


class Crate:
    def __init__(self, files):
        self.library = read_crate(files, "lib.rs")
        self.roots = [self.library] + [read_crate(files, root) for root in ("main.rs",) if root in files]

    def modules(self):
        rest = list(self.roots)
        while rest:
            module = rest.pop()
            yield module
            rest.extend(module.children.values())

    def imports(self):
        """Returns the imports from one file to another, the first of each pair of files."""
        found = {}
        for module in self.modules():
            for item in sorted(self._imports_of(module), key=lambda item: item.line):
                found.setdefault((item.importer, item.imported, item.through), item)
        return list(found.values())

    def _imports_of(self, module):
        for use in module.uses:
            through = []
            found = self._resolve(module, use.path, False, set(), through)
            # The name of a module alone is not an import. The paths that start with the name are.
            if found is None or not found.is_item:
                continue
            yield from self._import(module, found, use.line, use.path, through)
        # Other names without a path were found at their `use` declaration.
        has_glob = any(use.name is None for use in module.uses)
        for segments, line, following in module.paths:
            is_value = segments[0][0].isupper() or following in ("(", "!")
            if len(segments) == 1 and not (has_glob and is_value):
                continue
            through = []
            found = self._resolve(module, segments, False, set(), through)
            if found is not None and found.is_item:
                yield from self._import(module, found, line, segments, through)

    def _import(self, module, found, line, path, through):
        if found.module.file != module.file:
            files = tuple(dict.fromkeys(other.file for other in through))
            yield Import(module.file, found.module.file, line, "::".join(path), files)

    def _resolve(self, module, path, wants_module, seen, through):
        head, rest = path[0], path[1:]
        if head == "crate":
            found = _Found(module.root(), False)
        elif head == "self":
            found = _Found(module, False)
        elif head == "super":
            found = _Found(module.parent, False)
        elif head == CRATE:
            found = _Found(self.library, False)
        else:
            found = self._look_up(module, head, wants_module or bool(rest), seen, through)
        while rest and found is not None and not found.is_item:
            name, rest = rest[0], rest[1:]
            module = found.module
            if name == "super":
                found = _Found(module.parent, False)
            else:
                found = self._look_up(module, name, wants_module or bool(rest), seen, through)
                found = found or _Found(module, True)
        return found

    def _look_up(self, module, name, wants_module, seen, through):
        """Finds a name of a module. A module and an item may have the same name: `wants_module` says which to prefer."""
        key = (module, name, wants_module)
        if key in seen:
            return None
        seen = seen | {key}
        child = module.children.get(name)
        if child is not None and wants_module:
            return _Found(child, False)
        if name in module.names:
            return _Found(module, True)
        for use in module.uses:
            if use.name == name:
                further = []
                found = self._resolve(module, use.path, wants_module, seen, further)
                if found is not None:
                    through.extend([module] + further if use.is_public else further)
                    return found
        for use in module.uses:
            if use.name is None:
                glob = self._resolve(module, use.path, True, seen, [])
                if glob is not None and not glob.is_item:
                    found = self._look_up(glob.module, name, wants_module, seen, through)
                    if found is not None:
                        return found
        return _Found(child, False) if child is not None else None
