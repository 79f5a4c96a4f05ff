namespace Plue.Server.Providers.Bedrock;

/// <summary>The keys that sign AWS requests.</summary>
/// <param name="Source">The origin of the keys for messages: <c>the AWS keys in the environment</c>.</param>
/// <param name="Advice">What the user can do if the keys are rejected, as a sentence.</param>
/// <param name="ExpiresAt">Null if unknown.</param>
internal sealed record AwsKeys(
    string AccessKeyId,
    string SecretAccessKey,
    string? SessionToken,
    string Source,
    string Advice,
    DateTimeOffset? ExpiresAt = null
)
{
    public override string ToString() => "***";
}
