using System.Security.Cryptography;
using System.Text;

namespace Plue.Server.Providers.Requests;

/// <summary>Converts the ids of tool calls for a vendor: valid ids are kept; others are replaced by a deterministic and unique id.</summary>
internal static class ToolUseIds
{
    private const int HashLength = 8;

    /// <summary>Accepts letters, digits, dashes and underscores, at most <paramref name="most"/> of them.</summary>
    public static string Plain(string id, int most)
    {
        if (id.Length > 0 && id.Length <= most && id.All(IsPlain))
        {
            return id;
        }
        var plain = string.Concat(id.Select(one => IsPlain(one) ? one : '_'));
        var remaining = most - HashLength - 1;
        return $"{(plain.Length <= remaining ? plain : plain[^remaining..])}_{HashOf(id)}";
    }

    /// <summary>Accepts any characters, at most <paramref name="most"/> of them.</summary>
    public static string Short(string id, int most) => id.Length <= most ? id : Plain(id, most);

    private static bool IsPlain(char one) => char.IsAsciiLetterOrDigit(one) || one is '-' or '_';

    private static string HashOf(string id) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)))[..HashLength];
}
