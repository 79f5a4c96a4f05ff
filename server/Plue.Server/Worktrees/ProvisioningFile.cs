using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Worktrees;

/// <summary>Reads <c>.plue/worktree.json5</c> of a checkout. Without the file, folders of installed packages are detected.</summary>
internal static class ProvisioningFile
{
    public const string Name = ".plue/worktree.json5";

    private const int MaxBytes = 64 * 1024;
    private const int MaxEntries = 20;
    private const int MaxLength = 1000;
    private const int DefaultSeconds = 600;
    private const int MaxSeconds = 1800;
    private static readonly string[] Keys = ["link", "copy", "run", "timeout_s"];

    /// <summary>The lock files of package managers, and the folder into which they install.</summary>
    private static readonly (string Lock, string Folder)[] Known =
    [
        ("package-lock.json", "node_modules"),
        ("npm-shrinkwrap.json", "node_modules"),
        ("yarn.lock", "node_modules"),
        ("pnpm-lock.yaml", "node_modules"),
        ("bun.lock", "node_modules"),
        ("composer.lock", "vendor"),
    ];

    /// <param name="checkout">The main checkout.</param>
    /// <exception cref="FailureException">BadRequest: the file cannot be used, with the reason.</exception>
    public static ProvisioningPlan Read(string checkout)
    {
        var path = Path.Combine(checkout, Name);
        if (!RegularFile.MayExist(path))
        {
            return Detect(checkout);
        }
        if (!RealPath.ResolvesInto(path, checkout))
        {
            throw Unusable("it is a link out of the repository");
        }

        try
        {
            return Parse(Json5Reader.Read(RegularFile.Read(path, MaxBytes) ?? throw Unusable("it is larger than 64 KB")));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw Unusable($"it cannot be read ({fault.Message.TrimEnd('.')})");
        }
    }

    private static ProvisioningPlan Detect(string checkout)
    {
        var links = Known
            .Where(known => File.Exists(Path.Combine(checkout, known.Lock)) && Directory.Exists(Path.Combine(checkout, known.Folder)))
            .DistinctBy(known => known.Folder)
            .Select(known => new ProvisioningLink(known.Folder, known.Lock));
        return ProvisioningPlan.Empty with { Links = [.. links] };
    }

    private static ProvisioningPlan Parse(Json5Document document)
    {
        if (!document.IsValid)
        {
            throw Unusable($"line {document.Errors[0].Span.Line}: {document.Errors[0].Message.TrimEnd('.')}");
        }
        if (document.Root is not Json5Object root)
        {
            throw Unusable("it is not an object");
        }
        if (root.Members.FirstOrDefault(member => !Keys.Contains(member.Name)) is { } unknown)
        {
            throw Unusable($"it has an unknown key {Shown(unknown.Name)}; the keys are {string.Join(", ", Keys)}");
        }

        var seconds = root.Has("timeout_s") ? root.GetInteger("timeout_s") ?? 0 : DefaultSeconds;
        if (seconds is < 1 or > MaxSeconds)
        {
            throw Unusable($"timeout_s must be a whole number from 1 to {MaxSeconds}");
        }

        return new ProvisioningPlan(
            [.. Items<Json5Object>(root, "link", "objects with folder and lock").Select(LinkOf)],
            [.. Items<Json5String>(root, "copy", "file names").Select(file => Relative(file.Value))],
            [.. Items<Json5String>(root, "run", "commands").Select(command => Command(command.Value))],
            TimeSpan.FromSeconds(seconds),
            Name
        );
    }

    private static ProvisioningLink LinkOf(Json5Object link) =>
        link.GetString("folder") is { } folder && link.GetString("lock") is { } file && link.Members.Count == 2
            ? new ProvisioningLink(Relative(folder), Relative(file))
            : throw Unusable("each entry of link needs folder and lock, and nothing else");

    private static IEnumerable<T> Items<T>(Json5Object root, string key, string what)
        where T : Json5Node
    {
        if (!root.Has(key))
        {
            return [];
        }

        return root.GetArray(key) is { } array && array.Items.All(item => item is T) && array.Items.Count <= MaxEntries
            ? array.Items.OfType<T>()
            : throw Unusable($"{key} must be a list of at most {MaxEntries} {what}");
    }

    private static string Relative(string path)
    {
        var parts = path.Replace('\\', '/').TrimEnd('/').Split('/');
        return
            path.Length <= MaxLength
            && !Path.IsPathRooted(path)
            && parts.All(part => part is not ("" or "." or "..") && !part.Equals(".git", StringComparison.OrdinalIgnoreCase))
            && HiddenCharacters.VisibleLine(path) == path
            ? string.Join('/', parts)
            : throw Unusable($"{Shown(path)} is not a path in the repository");
    }

    private static string Command(string command) =>
        !string.IsNullOrWhiteSpace(command) && command.Length <= MaxLength && HiddenCharacters.VisibleLine(command) == command
            ? command
            : throw Unusable($"a command must be one line of at most {MaxLength} visible characters");

    private static string Shown(string text) => HiddenCharacters.VisibleLine(TextCut.Head(text, 80));

    private static FailureException Unusable(string why) =>
        new(FailureKind.BadRequest, $"{Name} was not used: {why}. Correct it; the next worktree uses it.");
}
