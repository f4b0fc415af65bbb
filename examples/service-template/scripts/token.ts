// npm run token acme: a token for development, which lives for a day.
import { SignJWT } from 'jose';

const [tenant = 'acme'] = process.argv.slice(2);
const secret = new TextEncoder().encode(process.env['JWT_SECRET']);
const token = new SignJWT({ tenant }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('1d');
console.log(await token.sign(secret));
