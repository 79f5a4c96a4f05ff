using System.Text;
using System.Text.RegularExpressions;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Tools.Mcp.Import;

/// <param name="Path">The file.</param>
/// <param name="Key">See <see cref="McpFoundServer"/>.</param>
internal sealed record McpImportChoice(string Path, string Key);

/// <param name="Notes">One sentence for each key that the user has to store.</param>
internal sealed record McpImported(IReadOnlyList<McpImportedServer> Servers, IReadOnlyList<string> Notes);

/// <param name="Name">The name in Plue.</param>
/// <param name="Hash">The hash of its declaration in <c>mcp.json5</c>.</param>
/// <param name="References">The keys that were stored for it.</param>
internal sealed record McpImportedServer(string Name, string Hash, IReadOnlyList<string> References);

/// <summary>
/// Finds servers that other programs declare, and copies them to <c>mcp.json5</c>. No server is started, and each still needs approval. Files of other programs
/// are not changed; those of a workspace are read only in trusted folders.
/// </summary>
internal sealed partial class McpImport(McpServices services, McpServers servers)
{
    private const int MaxServers = 100;
    private const string Root = "mcpServers";
    private static readonly string[] Keys = [Root, "servers", McpConfig.Key];

    /// <summary>Lists the files that declare servers. Files without servers are omitted.</summary>
    /// <param name="editorFolder">The folder of the window's user settings; null if unknown.</param>
    public IReadOnlyList<McpFoundFile> Find(string? editorFolder, CancellationToken cancellationToken)
    {
        List<McpFoundFile> found = [];
        var present = servers.List().Servers.Select(server => server.Declaration).ToList();
        var names = present.Select(server => server.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var file in McpProgramFile.All(services.Home, services.Workspace.TrustedFolders, services.Environment, editorFolder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var (servers, problem) = Read(file);
            if (servers.Count > 0 || problem is not null)
            {
                found.Add(new McpFoundFile(file.Program, file.Path, [.. servers.Select(server => Named(server, present, names))], problem));
            }
        }

        return found;
    }

    /// <summary>Adds servers to the user's <c>mcp.json5</c>.</summary>
    /// <param name="storeKeys">True to store their keys in the vault, each only for its server. Otherwise, the user has to store them.</param>
    /// <exception cref="FailureException">
    /// Conflict: a server is no longer in its file, or <c>mcp.json5</c> has an error. VaultLocked. StoreReadOnly.
    /// </exception>
    public async Task<McpImported> ImportAsync(
        IReadOnlyList<McpImportChoice> choices,
        bool storeKeys,
        string? editorFolder,
        CancellationToken cancellationToken
    )
    {
        var found = Find(editorFolder, cancellationToken);
        List<McpFoundServer> chosen =
        [
            .. choices.Select(choice =>
                found.FirstOrDefault(file => file.Path == choice.Path)?.Servers.FirstOrDefault(server => server.Key == choice.Key)
                ?? throw new FailureException(FailureKind.Conflict, $"{choice.Path} changed. Select the servers again.")
            ),
        ];
        if (chosen.FirstOrDefault(server => server.Problem is not null) is { } wrong)
        {
            throw new FailureException(FailureKind.BadRequest, $"The server {wrong.Name} cannot be imported. {wrong.Problem}");
        }

        chosen.RemoveAll(server => server.IsPresent);
        List<string> notes = [];
        var target = Path.Combine(services.Paths.Home, "mcp.json5");
        List<McpImportedServer> imported = [];
        foreach (var server in chosen)
        {
            List<string> stored = [];
            notes.AddRange(await StoreKeysAsync(server, target, storeKeys, stored, cancellationToken).ConfigureAwait(false));
            imported.Add(new McpImportedServer(server.Name, HashOf(server.Item), stored));
        }

        Write(target, chosen);
        return new McpImported(imported, notes);
    }

    /// <summary>Removes a server from the user's <c>mcp.json5</c>, stops it, and revokes its approval.</summary>
    /// <param name="hash">The hash of its declaration when it was imported.</param>
    /// <returns>Null if it was removed or does not exist; otherwise why it was kept.</returns>
    /// <exception cref="FailureException">Conflict, StoreReadOnly.</exception>
    public async Task<string?> RemoveAsync(string name, string hash, CancellationToken cancellationToken)
    {
        var target = Path.Combine(services.Paths.Home, "mcp.json5");
        string? text;
        using (DocumentLock.Acquire(services.Paths, "mcp", "The server was not removed"))
        {
            var (bytes, problem) = DocumentFile.Read(target);
            if (problem is not null)
            {
                throw new FailureException(FailureKind.Conflict, $"The server {name} was kept. {target}: {problem.Message}");
            }

            text = bytes is null ? "" : Json5Reader.Read(bytes).Text;
            if (DeclaredIn(text, name) is not { } found)
            {
                return null;
            }
            if (HashOf(found.Declared) != hash)
            {
                return $"The server {name} was kept because it changed since the import.";
            }
        }

        // Called before the server is removed from the file, because it is found by its name.
        await servers.RevokeAsync(name, cancellationToken).ConfigureAwait(false);
        using (DocumentLock.Acquire(services.Paths, "mcp", "The server was not removed"))
        {
            var (bytes, _) = DocumentFile.Read(target);
            text = bytes is null ? "" : Json5Reader.Read(bytes).Text;
            if (DeclaredIn(text, name) is { } found && HashOf(found.Declared) == hash)
            {
                var edited = Json5Edit.Remove(text, [found.Key, name]);
                if (edited.Error is { } error)
                {
                    throw new FailureException(
                        FailureKind.Conflict,
                        $"The server {name} was kept because {target} has a syntax error at line {error.Span.Line}: {error.Message}"
                    );
                }

                DocumentFile.Replace(target, Encoding.UTF8.GetBytes(edited.Text));
            }
        }

        return null;
    }

    /// <summary>Gets the names of the servers that use a key of the vault.</summary>
    public IReadOnlyList<string> UsersOf(string reference) =>
        [
            .. servers
                .List()
                .Servers.Select(server => server.Declaration)
                .Where(server =>
                    server
                        .Environment.Values.Concat(server.Headers.Values)
                        .Any(value => SecretReference.FindIn(value)?.Reference == reference)
                )
                .Select(server => server.Name),
        ];

    private static (string Key, Json5Object Declared)? DeclaredIn(string text, string name)
    {
        var root = Json5Reader.Read(text).Root as Json5Object;
        foreach (var key in Keys)
        {
            if (root?.GetObject(key)?.Find(name) is Json5Object declared)
            {
                return (key, declared);
            }
        }

        return null;
    }

    private static string HashOf(Json5Node declared) => McpIdentity.Hash(Json5Writer.WriteLine(declared));

    private (IReadOnlyList<Entry> Servers, string? Problem) Read(McpProgramFile file)
    {
        static (IReadOnlyList<Entry>, string?) Failed(string? why) => ([], why);
        if (file.Folder is { } workspace && File.Exists(file.Path) && !RealPath.ResolvesInto(file.Path, workspace))
        {
            return Failed("It is a link to a file outside the folder, so it was not read.");
        }

        var (bytes, problem) = DocumentFile.Read(file.Path);
        if (bytes is null)
        {
            return Failed(problem?.Message);
        }

        Json5Object? root;
        if (file.Format == McpFileFormat.CodexCli)
        {
            var toml = TomlReader.Read(Encoding.UTF8.GetString(bytes));
            if (toml.Root is null)
            {
                return Failed($"Line {toml.ErrorLine} is not valid TOML.");
            }
            root = toml.Root;
        }
        else
        {
            var document = Json5Reader.Read(bytes);
            if (!document.IsValid && !document.Text.AsSpan().Trim('\uFEFF').IsWhiteSpace())
            {
                return Failed($"Line {document.Errors[0].Span.Line}: {document.Errors[0].Message}");
            }
            root = document.Root as Json5Object;
        }

        List<Entry> found = [];
        foreach (var (declarations, folder, place) in root is null ? [] : ListsOf(file, root))
        {
            foreach (var name in declarations.Members.Select(member => member.Name).Distinct(StringComparer.Ordinal))
            {
                if (
                    found.Count < MaxServers
                    && declarations.Find(name) is Json5Object declared
                    && declared.GetBoolean("disabled") != true
                    && declared.GetBoolean("enabled") != false
                    // Servers of Zed extensions have none of these keys and are skipped.
                    && (declared.Has("command") || declared.Has("url") || declared.Has("serverUrl"))
                )
                {
                    found.Add(
                        new Entry(
                            NameOf(name),
                            chosen =>
                                new McpServerReader(chosen, file.Format, services.Home, folder, services.Environment).Read(
                                    declared,
                                    place + name
                                )
                        )
                    );
                }
            }
        }

        return (found, null);
    }

    /// <summary>Gets the server lists in a file, each with the folder that it applies to.</summary>
    private static IEnumerable<(Json5Object Servers, string? Folder, string Place)> ListsOf(McpProgramFile file, Json5Object root)
    {
        var key = file.Format switch
        {
            McpFileFormat.VsCode => "servers",
            McpFileFormat.Zed => "context_servers",
            McpFileFormat.CodexCli => McpConfig.Key,
            _ => Root,
        };
        if (root.GetObject(key) is { } servers)
        {
            yield return (servers, file.Folder, "");
        }

        // Claude Code stores the user's servers for one project under the path of its folder.
        foreach (var project in file.Format == McpFileFormat.Claude ? root.GetObject("projects")?.Members ?? [] : [])
        {
            if (project.Value is Json5Object values && values.GetObject(Root) is { } own && Path.IsPathFullyQualified(project.Name))
            {
                yield return (own, project.Name, project.Name + "\n");
            }
        }
    }

    /// <summary>Reads a server under a name that is free in Plue. A server with the same declaration as an existing one gets its name.</summary>
    private McpFoundServer Named(Entry entry, List<McpDeclaration> present, HashSet<string> names)
    {
        var server = entry.Read(entry.Name);
        var declared = DeclarationOf(server);
        if (present.FirstOrDefault(other => IsSame(other, declared)) is { } same)
        {
            return server with { Name = same.Name, IsPresent = true };
        }

        var name = entry.Name;
        for (var number = 2; !names.Add(name); number++)
        {
            var end = $"-{number}";
            name = entry.Name[..Math.Min(entry.Name.Length, McpDeclaration.MaxNameLength - end.Length)].TrimEnd('_') + end;
        }

        // References of keys contain the name, so that no two servers share a key.
        return name == entry.Name ? server : entry.Read(name);
    }

    private static bool IsSame(McpDeclaration one, McpDeclaration other) =>
        (one.Command, one.Address) == (other.Command, other.Address)
        && one.Arguments.SequenceEqual(other.Arguments)
        && one.GivenNames.SequenceEqual(other.GivenNames)
        && (one.Address is not null || one.Folder == other.Folder);

    private McpDeclaration DeclarationOf(McpFoundServer server) =>
        McpConfig.DeclarationOf(server.Name, server.Item, Path.Combine(services.Paths.Home, "mcp.json5"), services.Home);

    private async Task<IReadOnlyList<string>> StoreKeysAsync(
        McpFoundServer server,
        string target,
        bool storeKeys,
        List<string> stored,
        CancellationToken cancellationToken
    )
    {
        List<string> notes = [];
        var origin = server.Keys.Count == 0 ? null : servers.SecretOriginOf(DeclarationOf(server));
        foreach (var key in server.Keys)
        {
            if (storeKeys && key.Value is { } value && origin is not null)
            {
                await services.Secrets.StoreAsync(key.Reference, value, [origin], cancellationToken).ConfigureAwait(false);
                stored.Add(key.Reference);
                continue;
            }

            var why =
                key.Value is null ? "the file does not contain it"
                : storeKeys ? "its program was not found"
                : "you chose to leave it out";
            notes.Add($"{key.Field} of {server.Name} was not stored because {why}. Store it in the vault as {key.Reference}.");
        }

        return notes;
    }

    private void Write(string target, IReadOnlyList<McpFoundServer> chosen)
    {
        if (chosen.Count == 0)
        {
            return;
        }

        using var turn = DocumentLock.Acquire(services.Paths, "mcp", "The servers were not imported");
        var (bytes, problem) = DocumentFile.Read(target);
        if (problem is not null)
        {
            throw new FailureException(FailureKind.Conflict, $"The servers were not imported. {target}: {problem.Message}");
        }

        var edited = new Json5Edited(bytes is null ? "" : Json5Reader.Read(bytes).Text);
        var root = Json5Reader.Read(edited.Text).Root as Json5Object;
        var key = Keys.FirstOrDefault(name => root?.GetObject(name) is not null) ?? Root;
        foreach (var server in chosen)
        {
            edited = Json5Edit.Set(edited.Text, [key, server.Name], server.Item);
            if (edited.Error is { } error)
            {
                throw new FailureException(
                    FailureKind.Conflict,
                    $"The servers were not imported because {target} has a syntax error at line {error.Span.Line}: {error.Message} Open it and correct it."
                );
            }
        }

        DocumentFile.Replace(target, Encoding.UTF8.GetBytes(edited.Text));
    }

    private static string NameOf(string text)
    {
        var name = NotInNames().Replace(text, "-").Trim('-', '_');
        name = name[..Math.Min(name.Length, McpDeclaration.MaxNameLength)].Trim('-', '_');
        return name.Length == 0 || McpConfig.IsReserved(name) ? "server" : name;
    }

    /// <param name="Read">Reads the server under a given name.</param>
    private sealed record Entry(string Name, Func<string, McpFoundServer> Read);

    [GeneratedRegex("[^A-Za-z0-9_-]+|_{2,}")]
    private static partial Regex NotInNames();
}
