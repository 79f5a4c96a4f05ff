using System.Text;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Platform;

namespace Plue.Server.Chat;

/// <summary>Determines documents that are not sent for code completion: those that agents cannot read, private keys, and files ignored by Git.</summary>
internal sealed class CompletionExclusions(Workspace workspace, ProtectedPaths protectedPaths)
{
    private const int MaxIgnoreBytes = 256 * 1024;
    private const int MaxHead = 256;

    /// <returns>The reason as a sentence; null if the document can be sent.</returns>
    public string? ReasonFor(string? path, string text)
    {
        var name = path is null ? "This document" : HiddenCharacters.VisibleLine(Path.GetFileName(path));
        if (ProtectedPaths.DenialReason(Encoding.UTF8.GetBytes(text[..Math.Min(text.Length, MaxHead)])) is { } content)
        {
            return $"{name} {content}.";
        }
        if (path is null)
        {
            return null;
        }
        if (!Path.IsPathFullyQualified(path) || path.Contains('\0', StringComparison.Ordinal))
        {
            throw new FailureException(FailureKind.BadRequest, $"The path {HiddenCharacters.VisibleLine(path)} is not absolute.");
        }

        var real = RealPath.Of(path);
        if (
            (protectedPaths.DenialReason(path, real) ?? GuardedPaths.ReadReason(path, null) ?? GuardedPaths.ReadReason(real, null)) is
            { } reason
        )
        {
            return $"{name} {reason}.";
        }

        return workspace.TrustedFolder is { } folder && IsIgnored(RealPath.Of(folder), real)
            ? $"{name} is ignored by Git and is not sent."
            : null;
    }

    private static bool IsIgnored(string folder, string path)
    {
        if (!RealPath.IsUnder(folder, path))
        {
            return false;
        }

        var names = Path.GetRelativePath(folder, path).Split(Path.DirectorySeparatorChar);
        List<IgnoreRules> rules = [];
        for (var depth = 0; depth < names.Length; depth++)
        {
            var above = string.Join('/', names[..depth]);
            if (TextOf(Path.Combine(folder, above, ".gitignore")) is { } text)
            {
                rules.Add(new IgnoreRules(above, text));
            }
            if (IgnoreRules.IsIgnored(rules, string.Join('/', names[..(depth + 1)]), isFolder: depth < names.Length - 1))
            {
                return true;
            }
        }

        return false;
    }

    private static string? TextOf(string path)
    {
        try
        {
            return RegularFile.Read(path, MaxIgnoreBytes) is { } content ? Encoding.UTF8.GetString(content).TrimStart('\uFEFF') : null;
        }
        catch (Exception missing) when (missing is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
