using System.Text;
using Plue.Server.Platform;

namespace Plue.Server.Permissions;

/// <summary>Creates a <c>sandbox-exec</c> profile. Later rules take precedence.</summary>
internal static class SandboxProfile
{
    public static string Create(
        SandboxRules rules,
        string temporary,
        IReadOnlyList<string> hidden,
        IReadOnlyList<string> readable,
        IReadOnlyList<string> guarded
    )
    {
        var profile = new StringBuilder("(version 1)\n(allow default)\n(deny file-write*)\n");
        profile.Append("(allow file-write* (literal \"/dev/null\") (literal \"/dev/zero\") (literal \"/dev/tty\"))\n");
        foreach (var folder in (rules.IsReadOnly ? [] : rules.Folders).Concat(rules.Writable).Append(temporary))
        {
            profile.Append("(allow file-write* (subpath ").Append(Quoted(folder)).Append("))\n");
        }
        foreach (var place in hidden)
        {
            profile.Append("(deny file-read* file-write* (subpath ").Append(Quoted(place)).Append("))\n");
        }
        // A worktree is in Plue's folder, which is hidden.
        foreach (var folder in rules.Folders.Where(folder => hidden.Any(place => RealPath.IsUnder(place, folder))))
        {
            profile
                .Append(rules.IsReadOnly ? "(allow file-read* (subpath " : "(allow file-read* file-write* (subpath ")
                .Append(Quoted(folder))
                .Append("))\n");
        }
        foreach (var path in rules.Folders.SelectMany(folder => guarded.Select(name => Path.Combine(folder, name))))
        {
            profile.Append("(deny file-write* (subpath ").Append(Quoted(path)).Append("))\n");
        }
        foreach (var place in hidden.Where(place => rules.Folders.Any(folder => RealPath.IsUnder(folder, place))))
        {
            profile.Append("(deny file-read* file-write* (subpath ").Append(Quoted(place)).Append("))\n");
        }

        foreach (var folder in readable)
        {
            profile.Append("(allow file-read* (subpath ").Append(Quoted(folder)).Append("))\n");
        }

        // Unix sockets belong to the network rules.
        profile.Append(
            rules.AllowNetwork
                ? "(deny network* (remote unix-socket))\n(allow network-outbound (literal \"/private/var/run/mDNSResponder\"))\n"
                : "(deny network*)\n"
        );
        return profile.ToString();
    }

    private static string Quoted(string path) =>
        $"\"{path.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
