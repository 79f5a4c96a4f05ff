namespace Plue.Server.Providers.Bedrock;

/// <summary>The hosts of Bedrock. Regions must be plain names, because they become part of a host name.</summary>
internal static class AwsHosts
{
    public static string Domain(string region) => region.StartsWith("cn-", StringComparison.Ordinal) ? "amazonaws.com.cn" : "amazonaws.com";

    /// <summary>The host for responses of models.</summary>
    public static string Runtime(string region) => $"https://bedrock-runtime.{region}.{Domain(region)}";

    /// <summary>The host that lists models.</summary>
    public static string Control(string region) => $"https://bedrock.{region}.{Domain(region)}";

    public static bool IsAws(Uri url) =>
        url.Scheme == "https"
        && (
            url.Host.EndsWith(".amazonaws.com", StringComparison.OrdinalIgnoreCase)
            || url.Host.EndsWith(".amazonaws.com.cn", StringComparison.OrdinalIgnoreCase)
        );

    /// <summary>Returns the region in a Bedrock host name; null for any other host.</summary>
    public static string? RegionOf(Uri url) =>
        IsAws(url) && url.Host.Split('.') is { Length: >= 4 } parts && parts[0].StartsWith("bedrock", StringComparison.OrdinalIgnoreCase)
            ? parts[1].ToLowerInvariant()
            : null;
}
