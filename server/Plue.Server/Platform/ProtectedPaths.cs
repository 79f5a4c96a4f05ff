namespace Plue.Server.Platform;

/// <summary>Paths that are never read for a model: the vault and Plue's own folder, private keys, and credential stores of other programs.</summary>
internal sealed class ProtectedPaths(PluePaths paths, string userHome)
{
    private static readonly string[] Folders =
    [
        ".ssh",
        ".gnupg",
        ".aws",
        ".azure",
        ".kube",
        ".password-store",
        ".config/gcloud",
        ".config/gh",
        ".local/share/keyrings",
        "Library/Keychains",
    ];
    private static readonly string[] Files =
    [
        ".netrc",
        ".pgpass",
        ".npmrc",
        ".pypirc",
        ".git-credentials",
        ".docker/config.json",
        ".claude/.credentials.json",
        ".codex/auth.json",
        ".config/git/credentials",
    ];
    private static readonly string[] KeyNames = ["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_ecdsa_sk", "id_ed25519_sk"];
    private const int MaxKeyHeaderLength = 256;

    /// <summary>The protected files and folders with fixed absolute paths; they may not exist.</summary>
    public IReadOnlyList<string> Locations => [paths.Home, .. Folders.Concat(Files).Select(name => Path.Combine(userHome, name))];

    /// <summary>Folders in <see cref="Locations"/> that may be read but not changed: user skills are meant for models.</summary>
    public IReadOnlyList<string> Readable => [paths.Skills];

    /// <summary>Like <see cref="DenialReason(IEnumerable{string})"/>, for read access only.</summary>
    public string? ReadDenialReason(params string[] names)
    {
        var skills = RealPath.Of(paths.Skills);
        return names.All(name => RealPath.IsUnder(skills, RealPath.Of(name)) && RealPath.IsUnder(paths.Skills, Path.GetFullPath(name)))
            ? DenialReason(names, isSkill: true)
            : DenialReason(names);
    }

    /// <param name="names">All known paths of one file; their targets are checked, too.</param>
    /// <returns>The end of a sentence that starts with the file's name: <c>is Plue's own and is not sent</c>. Null if the path is not protected.</returns>
    public string? DenialReason(params IEnumerable<string> names) => DenialReason(names, isSkill: false);

    private string? DenialReason(IEnumerable<string> names, bool isSkill)
    {
        List<(string Full, string Real)> files =
        [
            .. names.Distinct(StringComparer.Ordinal).Select(name => (Path.GetFullPath(name), RealPath.Of(name))),
        ];
        bool IsIn(string place) =>
            RealPath.Of(place) is var real
            && files.Exists(file => RealPath.IsUnder(real, file.Real) || RealPath.IsUnder(Path.GetFullPath(place), file.Full));
        var home = RealPath.Of(paths.Home);
        bool IsPlues(string path) =>
            (RealPath.IsUnder(home, path) || RealPath.IsUnder(Path.GetFullPath(paths.Home), path)) && !IsInWorktree(path);
        if (!isSkill && files.Exists(file => IsPlues(file.Full) || IsPlues(file.Real)))
        {
            return "belongs to Plue, which stores keys and chats there, and is never sent";
        }
        if (Folders.Concat(Files).Any(place => IsIn(Path.Combine(userHome, place))))
        {
            return "contains credentials or keys and is never sent";
        }

        return files
            .SelectMany(file => new[] { file.Full, file.Real })
            .Any(name => KeyNames.Contains(Path.GetFileName(name), StringComparer.OrdinalIgnoreCase))
            ? PrivateKey
            : null;
    }

    /// <summary>True for a path in the worktree of a task, whose files are those of a workspace. The workspace folders of an agent decide which it may use.</summary>
    private bool IsInWorktree(string path) =>
        ((string[])[paths.Worktrees, RealPath.Of(paths.Worktrees)]).Any(folder =>
            RealPath.IsUnder(folder, path) && Path.GetRelativePath(folder, path).Split(Path.DirectorySeparatorChar).Length > 1
        );

    /// <summary>Like <see cref="DenialReason(IEnumerable{string})"/>, by content: a key file may have any name.</summary>
    public static string? DenialReason(ReadOnlySpan<byte> content)
    {
        var head = content[..Math.Min(content.Length, MaxKeyHeaderLength)]
            .TrimStart((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF, (byte)' ', (byte)'\t', (byte)'\r', (byte)'\n']);
        var line = head.IndexOf((byte)'\n') is >= 0 and var end ? head[..end] : head;
        return (line.StartsWith("-----BEGIN "u8) && line.IndexOf("PRIVATE KEY"u8) >= 0) || line.StartsWith("PuTTY-User-Key-File"u8)
            ? PrivateKey
            : null;
    }

    private const string PrivateKey = "is a private key and is never sent";
}
